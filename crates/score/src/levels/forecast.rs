//! What a forecaster of log volatility publishes beside the log itself.

/// What is forecast, which decides how forecasts are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quantity {
    /// A return, of either sign.
    #[default]
    Return,
    /// The natural log of a volatility per day.
    LogVolatility,
}

/// What a forecast of log volatility says of the level, one entry of every column a row.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelForecast {
    /// Expected volatility per day, above 0.
    pub volatility: Vec<f64>,
    /// Expected variance per day, above 0.
    pub variance: Vec<f64>,
    /// Classes of the volatility with their probabilities; None where none are published.
    pub regimes: Option<RegimeForecast>,
    /// Bounds of the log volatility that hold 80 % of what comes: lower, upper; NaN where unknown.
    pub bounds_80: Option<[Vec<f64>; 2]>,
    /// Bounds that hold 95 %.
    pub bounds_95: Option<[Vec<f64>; 2]>,
    /// Probabilities that the volatility is above some levels, lowest level first; empty where none are
    /// published.
    pub above: Vec<AboveForecast>,
}

/// Probabilities that the volatility per day is above a level.
#[derive(Debug, Clone, PartialEq)]
pub struct AboveForecast {
    /// The level, a volatility per day.
    pub level: f64,
    /// The probability of each row; NaN where unknown.
    pub probability: Vec<f64>,
}

impl AboveForecast {
    /// What the name of a column of these probabilities begins with; the level follows.
    pub const COLUMN: &str = "probability_above_";

    /// A row's probability, and whether its log volatility came above the level; None where the probability
    /// is unknown.
    pub(crate) fn row(&self, row: usize, realized: f64) -> Option<(f64, bool)> {
        let probability = self.probability[row];
        (!probability.is_nan()).then(|| (probability, realized.exp() > self.level))
    }
}

impl LevelForecast {
    /// What a log forecast says without any correction: exp of it, and the square of that.
    pub fn uncorrected(logs: &[f64]) -> Self {
        let volatility: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
        Self {
            variance: volatility.iter().map(|value| value * value).collect(),
            volatility,
            regimes: None,
            bounds_80: None,
            bounds_95: None,
            above: Vec::new(),
        }
    }

    /// The same rows of every column, in the order of `places`, which must be among them.
    pub fn take(&self, places: &[usize]) -> Self {
        let of = |values: &Vec<f64>| places.iter().map(|&place| values[place]).collect();
        let pair = |bounds: &[Vec<f64>; 2]| bounds.each_ref().map(of);
        Self {
            volatility: of(&self.volatility),
            variance: of(&self.variance),
            regimes: self.regimes.as_ref().map(|regimes| RegimeForecast {
                edges: regimes.edges.each_ref().map(of),
                probability: regimes.probability.each_ref().map(of),
                classes: regimes.classes,
            }),
            bounds_80: self.bounds_80.as_ref().map(pair),
            bounds_95: self.bounds_95.as_ref().map(pair),
            above: (self.above.iter())
                .map(|above| AboveForecast {
                    level: above.level,
                    probability: of(&above.probability),
                })
                .collect(),
        }
    }

    /// All columns with their names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (String, &Vec<f64>)> {
        let own = [
            ("volatility_mean", &self.volatility),
            ("variance_mean", &self.variance),
        ];
        let regimes = self.regimes.iter().flat_map(|regimes| {
            let [low, high] = &regimes.edges;
            let [first, second, third] = &regimes.probability;
            [
                ("regime_edge_1", low),
                ("regime_edge_2", high),
                ("probability_low", first),
                ("probability_medium", second),
                ("probability_high", third),
            ]
        });
        let bounds_80 = named(["lower_80", "upper_80"], self.bounds_80.as_ref());
        let bounds_95 = named(["lower_95", "upper_95"], self.bounds_95.as_ref());
        let above = self.above.iter().map(|above| {
            let name = format!("{}{}", AboveForecast::COLUMN, above.level);
            (name, &above.probability)
        });
        own.into_iter()
            .chain(regimes)
            .chain(bounds_80)
            .chain(bounds_95)
            .map(|(name, values)| (name.to_owned(), values))
            .chain(above)
    }
}

/// Bounds with their names; nothing where there are none.
fn named<'a>(
    names: [&'static str; 2],
    bounds: Option<&'a [Vec<f64>; 2]>,
) -> impl Iterator<Item = (&'static str, &'a Vec<f64>)> {
    let bounds = bounds.into_iter().flatten();
    names.into_iter().zip(bounds)
}

/// Names of the classes, lowest volatility first.
pub const REGIMES: [&str; 3] = ["Low", "Medium", "High"];

/// Classes of volatility: Low up to the first edge, High above the second, Medium between them.
#[derive(Debug, Clone, PartialEq)]
pub struct RegimeForecast {
    /// Both edges as log volatility; NaN where unknown, equal where there are two classes.
    pub edges: [Vec<f64>; 2],
    /// Probabilities of Low, Medium and High; NaN where unknown, 0 of Medium where there are two
    /// classes.
    pub probability: [Vec<f64>; 3],
    /// Number of classes: 2 or 3.
    pub classes: usize,
}

/// One row's class: what came, and what was said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RegimeRow {
    /// Place in [`REGIMES`] of the class that came.
    pub realized: usize,
    /// Place of the likeliest class, the first of equal ones.
    pub forecast: usize,
    /// Probability of each class.
    pub probability: [f64; 3],
}

impl RegimeForecast {
    /// Places in [`REGIMES`] of the classes that there are.
    pub fn places(&self) -> &'static [usize] {
        match self.classes {
            2 => &[0, 2],
            _ => &[0, 1, 2],
        }
    }

    /// Place in [`REGIMES`] of the class of a log volatility by a row's edges; None where they are
    /// unknown.
    pub(crate) fn class_of(&self, row: usize, value: f64) -> Option<usize> {
        let [low, high] = self.edges.each_ref().map(|edge| edge[row]);
        let is_known = low.is_finite() && high.is_finite() && value.is_finite();
        is_known.then(|| usize::from(value > low) + usize::from(value > high))
    }

    /// A value of each place in [`REGIMES`] that has a class, 0 of the others.
    pub(crate) fn among_places(&self, value: impl Fn(usize) -> f64) -> [f64; 3] {
        std::array::from_fn(|place| match self.places().contains(&place) {
            true => value(place),
            false => 0.0,
        })
    }

    /// The class of a row whose log volatility came as `realized`; None where edges or probabilities
    /// are unknown.
    pub(crate) fn row(&self, row: usize, realized: f64) -> Option<RegimeRow> {
        let [low, high] = self.edges.each_ref().map(|edge| edge[row]);
        let probability = self.probability.each_ref().map(|column| column[row]);
        let is_known = [low, high]
            .iter()
            .chain(&probability)
            .all(|value| value.is_finite());
        let likeliest = (0..3).fold(0, |best, class| {
            if probability[class] > probability[best] {
                class
            } else {
                best
            }
        });
        is_known.then(|| RegimeRow {
            realized: usize::from(realized > low) + usize::from(realized > high),
            forecast: likeliest,
            probability,
        })
    }
}

//! What models see of a panel.

use std::ops::Range;

use dataset::{FeatureSet, FeatureShuffle, Panel, log_returns};
use rayon::prelude::*;

const DAY_MS: i64 = 86_400_000;

/// One in so many returns of a window may be unknown.
const LEAST_KNOWN: usize = 100;

/// The features and returns of every coin of a panel.
#[derive(Debug)]
pub(crate) struct Observations<'a> {
    panel: &'a Panel,
    /// The rows that there are features of.
    rows: Range<usize>,
    /// `[coins][features][rows]`, NaN where unknown.
    features: Vec<Vec<Vec<f64>>>,
    /// Log returns of a bar at every row of the panel, `[coins][rows]`, NaN where unknown.
    returns: Vec<Vec<f64>>,
}

impl<'a> Observations<'a> {
    /// Features at `rows`, and returns from the panel's first row until the last of `rows`.
    pub fn of(panel: &'a Panel, rows: Range<usize>) -> Self {
        let formulas = FeatureSet::HAR_RANGE.formulas();
        let of_coin = |coin: usize| {
            (
                formulas.of_coin(panel, coin, rows.clone()),
                log_returns(panel, coin, 0..rows.end),
            )
        };
        let (features, returns) = (0..panel.coins()).into_par_iter().map(of_coin).unzip();
        let mut observations = Self {
            panel,
            rows,
            features,
            returns,
        };
        if let Some(shuffle) = panel.shuffle() {
            observations.exchange(shuffle);
        }
        observations
    }

    /// Exchanges features between rows and coins, as permutation importance asks for.
    fn exchange(&mut self, shuffle: &FeatureShuffle) {
        let before = self.features.clone();
        let names = FeatureSet::HAR_RANGE.formulas().features().iter();
        let places = names.enumerate().filter(|(_, name)| shuffle.has(name.name));
        for (place, _) in places {
            for (coin, features) in self.features.iter_mut().enumerate() {
                for row in self.rows.clone() {
                    let source = shuffle.source(row, coin);
                    let Some((from, other)) = source.filter(|(from, _)| self.rows.contains(from))
                    else {
                        continue;
                    };
                    let value = before[other][place][from - self.rows.start];
                    if !value.is_nan() {
                        features[place][row - self.rows.start] = value;
                    }
                }
            }
        }
    }

    pub fn panel(&self) -> &'a Panel {
        self.panel
    }

    pub fn coins(&self) -> usize {
        self.returns.len()
    }

    /// A feature by its place in the set `har_range`.
    pub fn feature(&self, place: usize, row: usize, coin: usize) -> f64 {
        self.features[coin][place][row - self.rows.start]
    }

    /// The coin's log returns of all rows until the last one that there are features of.
    pub fn returns(&self, coin: usize) -> &[f64] {
        &self.returns[coin]
    }

    /// The coin's volatility per day over the last so many minutes; NaN where more than one in a
    /// hundred of its returns is unknown, so that a month of days has none missing.
    pub fn volatility(&self, minutes: i64, (row, coin): (usize, usize)) -> f64 {
        let mean = self.mean(minutes, (row, coin), |value| value * value);
        (mean * self.bars_a_day()).sqrt()
    }

    /// The mean size of the coin's returns over the last so many minutes, per day as a volatility is;
    /// NaN as there.
    pub fn mean_size(&self, minutes: i64, at: (usize, usize)) -> f64 {
        self.mean(minutes, at, f64::abs) * self.bars_a_day().sqrt()
    }

    fn bars_a_day(&self) -> f64 {
        DAY_MS as f64 / self.panel.interval().ms() as f64
    }

    /// The mean of a function of the returns of the last so many minutes.
    fn mean(&self, minutes: i64, (row, coin): (usize, usize), of: fn(f64) -> f64) -> f64 {
        let bars = (minutes * 60_000 / self.panel.interval().ms()).max(1) as usize;
        let Some(first) = (row + 1).checked_sub(bars) else {
            return f64::NAN;
        };
        let values = self.returns[coin][first..=row].iter();
        let known = values.filter(|value| !value.is_nan()).copied();
        let (sum, count) = known.fold((0.0, 0), |(sum, n), value| (sum + of(value), n + 1));
        match (bars - count) * LEAST_KNOWN > bars {
            true => f64::NAN,
            false => sum / count as f64,
        }
    }
}

//! From forecast tables to the rows that all of them have.

use std::collections::BTreeSet;
use std::path::Path;

use dataset::{ControlSign, ForecastTable, TablePart, Task};

use score::{
    AboveForecast, ForecastColumn, LevelForecast, PredictionIntervals, Quantity, RegimeForecast,
    Rows,
};

/// Why tables cannot be joined; [`JoinError::hint`] is the way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum JoinError {
    /// The common rows cannot be scored.
    #[error(transparent)]
    Rows(#[from] score::Error),
    /// A table of several horizons or panels, by their names.
    #[error("{0}")]
    SeveralParts(String),
    /// Two tables forecast different things.
    #[error(
        "{name}, time {time_ms} ms of {symbol}: realized is {found}, but {expected} in the first table, expected one \
         target"
    )]
    OtherTarget {
        /// The forecaster.
        name: String,
        /// The time, UTC milliseconds.
        time_ms: i64,
        /// The symbol.
        symbol: String,
        /// What its table says.
        found: f64,
        /// What the first table says.
        expected: f64,
    },
}

impl JoinError {
    /// The way out: what to change.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Rows(error) => error.hint(),
            Self::SeveralParts(_) => Some("--horizon and --panel choose one".to_owned()),
            Self::OtherTarget { .. } => {
                Some("compare runs of one [target] section on the same candles".to_owned())
            }
        }
    }
}

/// A forecast table with the name it goes by.
#[derive(Debug, Clone, Copy)]
pub struct NamedTable<'a> {
    /// What forecast: `network`, `lightgbm` and so on.
    pub name: &'a str,
    /// The run it comes from.
    pub run: Option<&'a str>,
    /// Its forecasts.
    pub table: &'a ForecastTable,
}

/// What all tables have in common.
#[derive(Debug, Clone)]
pub struct JoinedRows {
    /// The common rows.
    pub rows: Rows,
    /// The forecasts of each source on these rows, in the order given.
    pub forecasters: Vec<ForecastColumn>,
    /// The prediction intervals of each source that has them on these rows, in the order given.
    pub intervals: Vec<PredictionIntervals>,
    /// How many rows of each source are not in all the others and so are not scored.
    pub dropped: Vec<usize>,
}

/// The common rows of tables of one horizon and panel.
struct RowMatch<'a> {
    parts: Vec<&'a TablePart>,
    /// The rows of each part that all of them have.
    rows: Vec<Vec<usize>>,
}

impl<'a> RowMatch<'a> {
    fn of(sources: &[NamedTable<'a>]) -> Result<Self, JoinError> {
        let part = |source: &NamedTable<'a>| {
            let origin = Path::new(source.run.unwrap_or(source.name));
            let part = source.table.only_part(origin);
            part.map_err(|error| JoinError::SeveralParts(error.to_string()))
        };
        let parts: Vec<&TablePart> = sources.iter().map(part).collect::<Result<_, _>>()?;
        let Some((&first, others)) = parts.split_first() else {
            return Err(score::Error::NoRows.into());
        };
        let places: Vec<Vec<Option<usize>>> =
            others.iter().map(|other| first.rows_in(other)).collect();
        let is_common = |row: &usize| places.iter().all(|places| places[*row].is_some());
        let own: Vec<usize> = (0..first.len()).filter(is_common).collect();
        let of_other =
            |places: &Vec<Option<usize>>| own.iter().filter_map(|row| places[*row]).collect();
        let rows = std::iter::once(own.clone())
            .chain(places.iter().map(of_other))
            .collect();
        Ok(Self { parts, rows })
    }

    /// A column of one of the tables at the common rows.
    fn column<T: Copy>(&self, table: usize, values: impl Fn(&TablePart) -> &[T]) -> Vec<T> {
        let values = values(self.parts[table]);
        self.rows[table].iter().map(|&row| values[row]).collect()
    }

    /// The controls that the columns of a table make; NaN where unknown.
    fn controls(&self, table: &ForecastTable) -> Vec<ForecastColumn> {
        let mut controls = Vec::new();
        for column in &table.metadata().controls {
            let name = &column.name;
            let values = self.known_somewhere(|part| part.controls.get(name));
            let values = values.unwrap_or_else(|| vec![f64::NAN; self.rows[0].len()]);
            let negated = || {
                let values = values.iter().map(|value| -value).collect();
                ForecastColumn::control(format!("negated_{name}"), values)
            };
            match column.sign {
                ControlSign::AsIs => controls.push(ForecastColumn::control(name, values)),
                ControlSign::Negated => controls.push(negated()),
                ControlSign::Both => {
                    let negated = negated();
                    controls.extend([ForecastColumn::control(name, values), negated]);
                }
            }
        }
        controls
    }

    /// The prediction intervals of one of the tables, those of the lowest coverage first.
    fn intervals(&self, table: usize, source: &NamedTable<'_>) -> Vec<PredictionIntervals> {
        let of_percent = |percent: u32| {
            let [lower, upper] = self.bounds(table, percent)?;
            Some(PredictionIntervals {
                name: source.name.to_owned(),
                run: source.run.map(str::to_owned),
                nominal: f64::from(percent) / 100.0,
                lower,
                upper,
            })
        };
        (1..100).filter_map(of_percent).collect()
    }

    /// A column of what one of the tables says beside its forecasts; None where it does not say it.
    fn output(&self, table: usize, name: &str) -> Option<Vec<f64>> {
        let values = self.parts[table].outputs.get(name)?;
        Some(self.rows[table].iter().map(|&row| values[row]).collect())
    }

    /// The lower and the upper bounds of intervals that hold so many percent.
    fn bounds(&self, table: usize, percent: u32) -> Option<[Vec<f64>; 2]> {
        let lower = self.output(table, &format!("lower_{percent}"))?;
        Some([lower, self.output(table, &format!("upper_{percent}"))?])
    }

    /// What one of the tables publishes of the level: exp of its log, and the square of that, where
    /// it says nothing else.
    fn level(&self, table: usize) -> LevelForecast {
        let plain = LevelForecast::uncorrected(&self.column(table, |part| &part.forecast));
        let published = |name: &str, plain: Vec<f64>| match self.output(table, name) {
            Some(values) => {
                let pairs = values.into_iter().zip(plain);
                let known = |(value, plain): (f64, f64)| if value.is_nan() { plain } else { value };
                pairs.map(known).collect()
            }
            None => plain,
        };
        LevelForecast {
            volatility: published("volatility_mean", plain.volatility),
            variance: published("variance_mean", plain.variance),
            regimes: self.regimes(table),
            bounds_80: self.bounds(table, 80),
            bounds_95: self.bounds(table, 95),
            above: self.above(table),
        }
    }

    /// The probabilities of one of the tables that the volatility is above some levels.
    fn above(&self, table: usize) -> Vec<AboveForecast> {
        let names = self.parts[table].outputs.keys();
        let of_column = |name: &String| {
            let level = name.strip_prefix(AboveForecast::COLUMN)?.parse().ok()?;
            let probability = self.output(table, name)?;
            Some(AboveForecast { level, probability })
        };
        let mut above: Vec<AboveForecast> = names.filter_map(of_column).collect();
        above.sort_by(|one, next| one.level.total_cmp(&next.level));
        above
    }

    /// The classes of one of the tables; a table of two has one edge and no medium class.
    fn regimes(&self, table: usize) -> Option<RegimeForecast> {
        let output = |name: &str| self.output(table, name);
        let (edge, second) = (output("regime_edge_1")?, output("regime_edge_2"));
        let (low, high) = (output("probability_low")?, output("probability_high")?);
        let medium = output("probability_medium");
        Some(RegimeForecast {
            classes: if second.is_some() { 3 } else { 2 },
            probability: [low, medium.unwrap_or_else(|| vec![0.0; edge.len()]), high],
            edges: [edge.clone(), second.unwrap_or(edge)],
        })
    }

    /// A column from the first table that knows it somewhere, as older ones do not have it; None
    /// where none does.
    fn known_somewhere(
        &self,
        values: impl Fn(&TablePart) -> Option<&Vec<f64>>,
    ) -> Option<Vec<f64>> {
        let of_table = |table: usize| {
            values(self.parts[table])?;
            let column = self.column(table, |part| values(part).map_or(&[], Vec::as_slice));
            column.iter().any(|value| !value.is_nan()).then_some(column)
        };
        (0..self.parts.len()).find_map(of_table)
    }
}

/// Keeps the (fold, time, symbol) that every table has. All must be of one horizon and panel.
///
/// # Errors
/// No common row; two tables that disagree on what was realized, and so forecast different targets;
/// a table of several horizons or panels.
pub fn join(sources: &[NamedTable<'_>]) -> Result<JoinedRows, JoinError> {
    let common = RowMatch::of(sources)?;
    let (Some(first), Some(&part)) = (sources.first(), common.parts.first()) else {
        return Err(score::Error::NoRows.into());
    };
    let places = common.column(0, |part| &part.symbol);
    let used: BTreeSet<u32> = places.iter().copied().collect();
    let used: Vec<u32> = used.into_iter().collect();
    let name = |place: &u32| part.symbols[*place as usize].to_string();
    let bar = first.table.metadata().bar;
    let rows = Rows {
        quantity: quantity(first.table),
        time_ms: common.column(0, |part| &part.time_ms),
        // Found, as the list was made from these very rows.
        symbol: (places.iter())
            .map(|place| used.binary_search(place).unwrap_or_default() as u32)
            .collect(),
        fold: common.column(0, |part| &part.fold),
        realized: common.column(0, |part| &part.realized),
        realized_delayed: common.column(0, |part| &part.realized_delayed),
        close: common.known_somewhere(|part| part.close.as_ref()),
        controls: common.controls(first.table),
        volatility: common.column(0, |part| &part.volatility),
        trailing_volatility: common.known_somewhere(|part| Some(&part.trailing_volatility)),
        weight: common.column(0, |part| &part.weight),
        symbols: used.iter().map(name).collect(),
        bar_ms: bar.ms(),
        reach_bars: part.key.reach.bars(bar),
    }
    .checked()?;
    check_targets(sources, &common, &rows)?;
    let forecaster = |(table, source): (usize, &NamedTable<'_>)| ForecastColumn {
        level: (rows.quantity == Quantity::LogVolatility).then(|| common.level(table)),
        name: source.name.to_owned(),
        run: source.run.map(str::to_owned),
        forecast: common.column(table, |part| &part.forecast),
    };
    let intervals = sources.iter().enumerate();
    Ok(JoinedRows {
        intervals: intervals
            .flat_map(|(table, source)| common.intervals(table, source))
            .collect(),
        forecasters: sources.iter().enumerate().map(forecaster).collect(),
        dropped: (common.parts.iter())
            .map(|part| part.len() - rows.len())
            .collect(),
        rows,
    })
}

/// What a table's forecasts are of.
fn quantity(table: &ForecastTable) -> Quantity {
    match table.metadata().task() {
        Task::LogVolatility | Task::Regime => Quantity::LogVolatility,
        Task::Return | Task::Level => Quantity::Return,
    }
}

/// Refuses tables that realized something else than the first.
fn check_targets(
    sources: &[NamedTable<'_>],
    common: &RowMatch<'_>,
    rows: &Rows,
) -> Result<(), JoinError> {
    for (table, source) in sources.iter().enumerate().skip(1) {
        let realized = common.column(table, |part| &part.realized);
        let pairs = realized.iter().zip(&rows.realized);
        let differs = |(found, expected): (&f64, &f64)| (found - expected).abs() > 1e-9;
        if let Some(row) = pairs.clone().position(differs) {
            return Err(JoinError::OtherTarget {
                name: source.name.to_owned(),
                time_ms: rows.time_ms[row],
                symbol: rows.symbols[rows.symbol[row] as usize].clone(),
                found: realized[row],
                expected: rows.realized[row],
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::{Config, PartKey, TableMetadata, TimeSpan};

    use super::*;

    /// Two days of one coin's log volatility, with these outputs.
    fn table(outputs: &[(&str, [f64; 2])]) -> ForecastTable {
        let mut config = Config::default();
        config.data.interval = "1d".parse().unwrap();
        config.target.kind = "volatility".parse().unwrap();
        config.target.horizon = TimeSpan::hours(7 * 24);
        let outputs = outputs.iter();
        let outputs = outputs.map(|(name, values)| ((*name).to_owned(), values.to_vec()));
        let part = TablePart {
            symbols: vec!["BTCUSDT".parse().unwrap()],
            symbol: vec![0, 0],
            fold: vec![1, 1],
            time_ms: vec![0, 86_400_000],
            forecast: vec![-3.0, -2.5],
            realized: vec![-3.2, -2.4],
            realized_delayed: vec![f64::NAN; 2],
            volatility: vec![0.3; 2],
            trailing_volatility: vec![f64::NAN; 2],
            weight: vec![1.0; 2],
            outputs: outputs.collect(),
            ..TablePart::empty(PartKey::new(&config))
        };
        ForecastTable::new(TableMetadata::new(&config), vec![part], Path::new("made")).unwrap()
    }

    fn level(outputs: &[(&str, [f64; 2])]) -> LevelForecast {
        let table = table(outputs);
        let source = NamedTable {
            name: "har",
            run: Some("runs/har"),
            table: &table,
        };
        let joined = join(&[source]).unwrap();
        assert_eq!(joined.rows.quantity, Quantity::LogVolatility);
        joined.forecasters[0].level.clone().unwrap()
    }

    /// What a table publishes is scored; where it publishes nothing, exp of its log is.
    #[test]
    fn volatilities_are_what_the_table_publishes() {
        let plain = LevelForecast::uncorrected(&[-3.0, -2.5]);
        assert_eq!(level(&[]), plain);
        let published = level(&[
            ("volatility_mean", [0.05, f64::NAN]),
            ("variance_mean", [0.004, 0.01]),
            ("lower_80", [-3.5, -3.0]),
            ("upper_80", [-2.5, -2.0]),
            ("regime_edge_1", [-3.1, -3.1]),
            ("regime_edge_2", [-2.8, -2.8]),
            ("probability_low", [0.3, 0.1]),
            ("probability_medium", [0.4, 0.2]),
            ("probability_high", [0.3, 0.7]),
            ("probability_above_0.1", [0.1, 0.2]),
            ("probability_above_0.05", [0.4, f64::NAN]),
        ]);
        let levels: Vec<f64> = published.above.iter().map(|above| above.level).collect();
        assert_eq!(levels, [0.05, 0.1]);
        assert_eq!(published.above[1].probability, [0.1, 0.2]);
        assert_eq!(published.volatility, [0.05, plain.volatility[1]]);
        assert_eq!(published.variance, [0.004, 0.01]);
        assert_eq!(published.bounds_80.unwrap()[1], [-2.5, -2.0]);
        assert_eq!(published.bounds_95, None);
        let regimes = published.regimes.unwrap();
        assert_eq!((regimes.classes, &regimes.edges[1]), (3, &vec![-2.8, -2.8]));
        assert_eq!(regimes.probability[2], [0.3, 0.7]);
    }

    /// Two classes have one edge.
    #[test]
    fn two_classes_have_no_medium() {
        let published = level(&[
            ("regime_edge_1", [-3.0, -3.0]),
            ("probability_low", [0.6, 0.2]),
            ("probability_high", [0.4, 0.8]),
        ]);
        let regimes = published.regimes.unwrap();
        assert_eq!(regimes.classes, 2);
        assert_eq!(regimes.edges[0], regimes.edges[1]);
        assert_eq!(regimes.probability[1], [0.0, 0.0]);
    }
}

//! The out-of-sample forecasts of a run, which a live forecast of a volatility is held against.

use std::collections::BTreeMap;
use std::path::Path;

use dataset::{Config, ForecastTable};
use market::Interval;
use rules::{AlarmCosts, Cut, is_in_top};
use run::{Drift, JoinedRows, NamedTable, join};

const DAY_MS: i64 = 86_400_000;

/// Days whose outcomes say whether a run's forecasts are still right.
pub(crate) const OUTCOME_DAYS: usize = 28;

/// Bars shorter than this need too many candles for that.
const SHORTEST_BAR_MS: i64 = 3_600_000;

/// Earlier forecasts of a coin that their mean and deviation need.
const LEAST_EARLIER: usize = 28;

/// Stretches of days that a usual range needs.
const LEAST_STRETCHES: usize = 8;

/// How many bars before the last one those outcomes need, beside what a forecast needs; 0 where bars
/// are too short for them.
pub(crate) fn outcome_bars(interval: Interval, reach_bars: usize) -> usize {
    match interval.ms() >= SHORTEST_BAR_MS {
        true => OUTCOME_DAYS * bars_of_day(interval) + reach_bars,
        false => 0,
    }
}

/// How many bars a day has: at least one.
pub(crate) fn bars_of_day(interval: Interval) -> usize {
    usize::try_from(DAY_MS / interval.ms()).unwrap_or(1).max(1)
}

/// Forecasts of a run's scored folds, with what came.
#[derive(Debug)]
pub(crate) struct TrackRecord {
    joined: JoinedRows,
    /// Forecasts of each coin in order of time.
    of_coins: BTreeMap<String, Vec<(i64, f64)>>,
}

impl TrackRecord {
    /// Those of the config's horizon; None, with a note, where the table cannot be had.
    pub fn read(run: &Path, config: &Config) -> Option<Self> {
        let path = run.join("forecasts.parquet");
        let read = || -> anyhow::Result<Self> {
            let tables = ForecastTable::read(&path)?.into_parts();
            let is_its = |table: &ForecastTable| {
                let mut parts = table.parts().iter();
                parts.all(|part| part.key.horizon == config.target.horizon)
            };
            let table = tables.into_iter().find(is_its);
            let table = table.ok_or_else(|| {
                anyhow::anyhow!("no forecasts of horizon {}", config.target.horizon)
            })?;
            Self::of(&table)
        };
        match read() {
            Ok(record) => Some(record),
            Err(error) => {
                cli::note(format!(
                    "{}: {error:#}: the forecasts are not held against earlier ones",
                    path.display()
                ));
                None
            }
        }
    }

    fn of(table: &ForecastTable) -> anyhow::Result<Self> {
        let source = NamedTable {
            name: "run",
            run: None,
            table,
        };
        let joined = join(&[source])?;
        let mut of_coins: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
        if let Some(own) = joined.forecasters.first() {
            let rows = &joined.rows;
            for (row, forecast) in own.forecast.iter().enumerate() {
                let symbol = rows.symbols[rows.symbol[row] as usize].clone();
                of_coins
                    .entry(symbol)
                    .or_default()
                    .push((rows.time_ms[row], *forecast));
            }
        }
        for forecasts in of_coins.values_mut() {
            forecasts.sort_by_key(|(time_ms, _)| *time_ms);
        }
        Ok(Self { joined, of_coins })
    }

    /// A coin's forecasts of times before `at_ms`.
    fn earlier(&self, symbol: &str, at_ms: i64) -> Vec<f64> {
        let known = self.of_coins.get(symbol).map_or(&[][..], Vec::as_slice);
        let before = known.partition_point(|(time_ms, _)| *time_ms < at_ms);
        known[..before]
            .iter()
            .map(|(_, forecast)| *forecast)
            .collect()
    }

    /// Whether a forecast is above this share of the coin's earlier ones; None where these are too
    /// few to say.
    pub fn is_top(&self, symbol: &str, at_ms: i64, forecast: f64, share: f64) -> Option<bool> {
        let mut earlier = self.earlier(symbol, at_ms);
        earlier.sort_unstable_by(f64::total_cmp);
        (earlier.len() >= LEAST_EARLIER).then(|| is_in_top(&earlier, forecast, share))
    }

    /// How far a forecast is from the mean of the coin's earlier ones, in their standard deviations.
    pub fn drift(&self, symbol: &str, at_ms: i64, forecast: f64) -> Option<Drift> {
        let earlier = self.earlier(symbol, at_ms);
        let count = earlier.len() as f64;
        let mean = earlier.iter().sum::<f64>() / count;
        let squares: f64 = earlier.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (forecast - mean) / (squares / count).sqrt();
        (earlier.len() >= LEAST_EARLIER && std.is_finite()).then(|| Drift {
            feature: "forecast".to_owned(),
            std,
        })
    }

    /// Where High is called at a time; None where the run publishes no classes.
    pub fn cut(&self, costs: AlarmCosts, at_ms: i64) -> Option<Cut> {
        costs.cut_at(&self.joined.rows, self.joined.forecasters.first()?, at_ms)
    }

    /// The lowest and the highest share of outcomes that the intervals of this coverage held in any
    /// `days` days in a row, of outcomes that were known before `before_ms`; None where there are too few.
    pub fn usual_coverage(&self, coverage: f64, days: usize, before_ms: i64) -> Option<[f64; 2]> {
        let level = self.joined.forecasters.first()?.level.as_ref()?;
        let bounds = match (coverage * 100.0).round() as u32 {
            80 => level.bounds_80.as_ref()?,
            95 => level.bounds_95.as_ref()?,
            _ => return None,
        };
        let rows = &self.joined.rows;
        let reach_ms = rows.reach_bars as i64 * rows.bar_ms;
        let mut of_days: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        for (row, realized) in rows.realized.iter().enumerate() {
            let (lower, upper) = (bounds[0][row], bounds[1][row]);
            let is_earlier = rows.time_ms[row] + reach_ms < before_ms;
            if is_earlier && realized.is_finite() && lower.is_finite() && upper.is_finite() {
                let day = of_days
                    .entry(rows.time_ms[row].div_euclid(DAY_MS))
                    .or_default();
                day.0 += f64::from(u8::from(lower <= *realized && *realized <= upper));
                day.1 += 1.0;
            }
        }
        let counts: Vec<(f64, f64)> = of_days.into_values().collect();
        let shares: Vec<f64> = (counts.windows(days))
            .map(|stretch| {
                let held: f64 = stretch.iter().map(|(held, _)| held).sum();
                held / stretch.iter().map(|(_, all)| all).sum::<f64>()
            })
            .collect();
        let least = shares.iter().copied().reduce(f64::min)?;
        let most = shares.iter().copied().reduce(f64::max)?;
        (shares.len() >= LEAST_STRETCHES).then_some([least, most])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::{PartKey, TableMetadata, TablePart, TimeSpan};

    use super::*;

    /// A hundred days of one coin, a week ahead; intervals hold the outcomes of the first 50 and no others.
    fn record() -> TrackRecord {
        let mut config = Config::default();
        config.data.interval = "1d".parse().unwrap();
        config.target.kind = "volatility".parse().unwrap();
        config.target.horizon = TimeSpan::hours(7 * 24);
        let upper = (0..100).map(|day| if day < 50 { 0.0 } else { -4.0 });
        let outputs = [
            ("lower_80", vec![-5.0; 100]),
            ("upper_80", upper.collect()),
            ("lower_95", vec![-5.0; 100]),
            ("upper_95", vec![0.0; 100]),
        ];
        let outputs = outputs.map(|(name, values)| (name.to_owned(), values));
        let part = TablePart {
            symbols: vec!["BTCUSDT".parse().unwrap()],
            symbol: vec![0; 100],
            fold: vec![1; 100],
            time_ms: (0..100).map(|day| day * DAY_MS).collect(),
            forecast: vec![-3.0; 100],
            realized: vec![-3.0; 100],
            realized_delayed: vec![f64::NAN; 100],
            volatility: vec![0.3; 100],
            trailing_volatility: vec![f64::NAN; 100],
            weight: vec![1.0; 100],
            outputs: outputs.into_iter().collect(),
            ..TablePart::empty(PartKey::new(&config))
        };
        let table = ForecastTable::new(TableMetadata::new(&config), vec![part], Path::new("made"));
        TrackRecord::of(&table.unwrap()).unwrap()
    }

    /// What is usual is of outcomes that were known before the days that are judged by it.
    #[test]
    fn usual_coverage_knows_nothing_later() {
        let usual = |days: i64| record().usual_coverage(0.8, 28, days * DAY_MS);
        assert_eq!(
            usual(57),
            Some([1.0, 1.0]),
            "days 0 to 49, each a week before"
        );
        assert_eq!(usual(58), Some([27.0 / 28.0, 1.0]));
        assert_eq!(usual(200), Some([0.0, 1.0]));
        // 35 days are 8 stretches of 28.
        assert_eq!(usual(42), Some([1.0, 1.0]));
        assert_eq!(usual(41), None);
        assert_eq!(
            record().usual_coverage(0.95, 28, 200 * DAY_MS),
            Some([1.0, 1.0])
        );
        assert_eq!(record().usual_coverage(0.5, 28, 200 * DAY_MS), None);
    }
}

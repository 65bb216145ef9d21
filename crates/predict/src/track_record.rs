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
    /// `days` days in a row; None where there are too few.
    pub fn usual_coverage(&self, coverage: f64, days: usize) -> Option<[f64; 2]> {
        let level = self.joined.forecasters.first()?.level.as_ref()?;
        let bounds = match (coverage * 100.0).round() as u32 {
            80 => level.bounds_80.as_ref()?,
            95 => level.bounds_95.as_ref()?,
            _ => return None,
        };
        let rows = &self.joined.rows;
        let mut of_days: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        for (row, realized) in rows.realized.iter().enumerate() {
            let (lower, upper) = (bounds[0][row], bounds[1][row]);
            if realized.is_finite() && lower.is_finite() && upper.is_finite() {
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

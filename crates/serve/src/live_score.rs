//! How forecasts and what came of them go together, over the times that a page shows.

use serde::Serialize;
use trading::{Ledger, LivePearson, rolling_pearson};
use utoipa::ToSchema;

use crate::run_facts::RunFacts;

pub use trading::FEWEST_OUTCOMES as FEWEST_FORECASTS;

/// Most points of the line.
const POINTS: usize = 48;

/// The correlation of the forecasts of a window that ends here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScorePoint {
    /// When the last forecast of the window is settled, UTC ms.
    pub time: i64,
    /// Pearson correlation of forecast and return.
    pub pearson: f64,
    /// Lower and upper end of its 95 % interval, by a stationary block bootstrap over times; null where
    /// the window has too few blocks, or more than 200,000 forecasts.
    pub interval: Option<[f64; 2]>,
    /// Settled forecasts of the window.
    pub forecasts: usize,
}

/// The correlations over windows of `window_ms`, at most 48 of them, of a ledger's forecasts from
/// `from_ms` to `last_ms`, which is the last one; empty before 100 of them are settled.
///
/// # Errors
/// A ledger that cannot be read.
pub fn score_points(
    ledger: &Ledger,
    run: &RunFacts,
    (from_ms, last_ms): (i64, i64),
    window_ms: i64,
) -> Result<Vec<ScorePoint>, trading::Error> {
    let hold_ms = run.horizon.ms();
    let bars = usize::try_from((last_ms - from_ms) / run.bar_ms + 1).unwrap_or(0);
    let outcomes = ledger.outcomes(hold_ms, bars * run.symbols.len())?;
    // Where bars are missing the last ones reach further back.
    let first = outcomes.partition_point(|outcome| outcome.time_ms < from_ms);
    let outcomes = outcomes.get(first..).unwrap_or_default();
    let points = rolling_pearson(outcomes, window_ms, run.model.horizon_bars, POINTS);
    let point = |found: LivePearson| ScorePoint {
        time: found.time_ms + hold_ms,
        pearson: found.value,
        interval: found.interval,
        forecasts: found.forecasts,
    };
    Ok(points.into_iter().map(point).collect())
}

//! What a day of the ledger was like.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use statistics::quantile;
use trading::LoggedForecast;
use utoipa::ToSchema;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// What the last 24 hours of the ledger were like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Day {
    /// Bars with forecasts.
    pub bars: usize,
    /// Bars that there could be, since the first forecast.
    pub bars_possible: usize,
    /// Bars in which a coin was absent.
    pub bars_incomplete: usize,
    /// Median delay from the close to the forecasts, seconds by the exchange's clock.
    pub delay_p50: Option<f64>,
    /// The delay that 99 of 100 bars do not reach.
    pub delay_p99: Option<f64>,
}

impl Day {
    /// The last 24 hours of forecasts, up to the bar that opens at `last_ms`.
    pub fn new(forecasts: &[LoggedForecast], last_ms: i64, bar_ms: i64) -> Self {
        let span_ms = DAY_MS.max(bar_ms);
        let begin = forecasts.partition_point(|logged| logged.time_ms <= last_ms - span_ms);
        let today = forecasts.get(begin..).unwrap_or_default();
        let mut delays: BTreeMap<i64, i64> = BTreeMap::new();
        let mut incomplete = BTreeSet::new();
        for logged in today {
            let delay_ms = logged.made_at_ms - (logged.time_ms + bar_ms);
            let slowest = delays.entry(logged.time_ms).or_insert(delay_ms);
            *slowest = (*slowest).max(delay_ms);
            if !logged.is_complete {
                incomplete.insert(logged.time_ms);
            }
        }
        let possible = |first_ms: &i64| (last_ms - first_ms) / bar_ms + 1;
        let is_whole = begin > 0;
        let bars_possible = match delays.first_key_value() {
            _ if is_whole => span_ms / bar_ms,
            Some((first_ms, _)) => possible(first_ms),
            None => 0,
        };
        let mut secs: Vec<f64> = delays.values().map(|ms| *ms as f64 / 1000.0).collect();
        secs.sort_unstable_by(f64::total_cmp);
        Self {
            bars: delays.len(),
            bars_possible: usize::try_from(bars_possible).unwrap_or(0),
            bars_incomplete: incomplete.len(),
            delay_p50: quantile(&secs, 0.5),
            delay_p99: quantile(&secs, 0.99),
        }
    }
}

//! The order of the coins at one time.

use super::base::VOLATILITY;
use super::cross_section::spearman_of_time;
use super::sums::of_times;
use crate::metrics::metric::{Metric, ReportSection};

/// Spearman's correlation across coins at one time, mean over times.
pub const METRIC: Metric = Metric {
    name: "spearman_per_day",
    title: "Spearman a day",
    legend: "how well coins are ordered by their volatility: Spearman across the coins of a time, the \
        mean over times",
    formula: "mean over times of Spearman's correlation of forecast and realized volatility across \
        the coins of the time, of at least three; 0 where all forecasts of a time are equal",
    section: ReportSection::Scores,
    interval: Some("spearman_per_day_interval"),
    of: |sample| {
        of_times(
            sample,
            |level, time, realized| match spearman_of_time(&level.volatility[time], realized) {
                Some(correlation) => [correlation, 1.0],
                None => [0.0, 0.0],
            },
            |[sum, count]| Some(sum / count),
        )
    },
    ..VOLATILITY
};

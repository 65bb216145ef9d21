//! The most volatile coins of a time.

use super::base::VOLATILITY;
use super::cross_section::top_hits;
use super::sums::of_times;
use crate::metrics::metric::{Metric, ReportSection, Unit};

/// Share of the fifth with the highest forecasts that is among the fifth with the highest outcomes.
pub const METRIC: Metric = Metric {
    name: "top20_hit",
    title: "top 20 % hit",
    legend: "of the fifth of the coins with the highest forecasts, the share that is among the fifth \
        with the highest volatility; by chance 20 %",
    formula: "mean over times of the share of the k highest forecasts whose coins are among the k \
        highest outcomes, k = a fifth of the coins of the time, rounded; equal values in the order \
        of the coins' names",
    unit: Unit::Share,
    section: ReportSection::Scores,
    interval: Some("top20_hit_interval"),
    of: |sample| {
        of_times(
            sample,
            |level, time, realized| match top_hits(&level.volatility[time], realized) {
                Some(share) => [share, 1.0],
                None => [0.0, 0.0],
            },
            |[sum, count]| Some(sum / count),
        )
    },
    ..VOLATILITY
};

//! How often the likeliest class comes.

use super::base::REGIME;
use super::sums::of_regimes;
use crate::metrics::metric::{Metric, Unit};

/// Share of rows whose likeliest class came.
pub const METRIC: Metric = Metric {
    name: "accuracy",
    title: "accuracy",
    legend: "share of rows whose likeliest class came; says little where one class is common",
    formula: "rows whose class of the highest probability came / rows with classes",
    unit: Unit::Share,
    interval: Some("accuracy_interval"),
    of: |sample| {
        of_regimes(
            sample,
            |row| [f64::from(u8::from(row.forecast == row.realized)), 1.0],
            |[sum, count]| Some(sum / count),
        )
    },
    ..REGIME
};

//! How often an interval holds what is realized.

use crate::metrics::interval_metric::IntervalMetric;
use crate::metrics::metric::Unit;

/// Share of rows whose interval holds what was realized.
pub const METRIC: IntervalMetric = IntervalMetric {
    name: "coverage",
    title: "coverage",
    legend: "share of rows whose interval holds what was realized",
    formula: "rows where lower <= realized <= upper / rows with an interval",
    unit: Unit::Share,
    better: "closer to what was asked for",
    of_row: |[lower, upper], realized, _| {
        f64::from(u8::from(lower <= realized && realized <= upper))
    },
};

//! What a metric of prediction intervals says of itself.

use crate::metrics::metric::Unit;

/// One way to say how good prediction intervals are: the mean over rows of a value of each. A
/// constant in a file of its own, and a line in [`INTERVAL_METRICS`](crate::INTERVAL_METRICS).
#[derive(Debug, Clone, Copy)]
pub struct IntervalMetric {
    /// Its key in JSON.
    pub name: &'static str,
    /// Heading of its column.
    pub title: &'static str,
    /// What it is, in one line.
    pub legend: &'static str,
    /// How it is computed, and the source of the formula if it has one.
    pub formula: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// Which values are the good ones, in words.
    pub better: &'static str,
    /// The value of one row from the bounds, what was realized, and the share that intervals should
    /// hold.
    pub of_row: fn([f64; 2], f64, f64) -> f64,
}

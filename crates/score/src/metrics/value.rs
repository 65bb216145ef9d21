//! What a report says of a metric.

use statistics::ConfidenceInterval;

/// A metric's value; what is undefined is `None` (`null` in JSON, `-` in tables).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Value {
    /// The value itself.
    pub value: Option<f64>,
    /// Its bootstrap interval.
    pub interval: Option<ConfidenceInterval>,
    /// The value in units of its standard error, of metrics that have one.
    pub t: Option<f64>,
}

//! The pooled correlation in units of each coin's own volatility.

use crate::metrics::metric::Metric;
use crate::variants::Variant;

/// Pearson with both sides divided by the coin's training volatility.
pub const METRIC: Metric = Metric {
    name: "scaled",
    title: "scaled",
    legend: "Pearson with both sides divided by the coin's training volatility",
    formula: "as pearson, both sides divided by the standard deviation of the coin's training \
        targets",
    interval: Some("scaled_interval"),
    of: |sample| sample.pooled(Variant::Scaled),
    ..Metric::FURTHER
};

//! How pure the rows with the highest P(High) are.

use super::areas::average_precision_of_high;
use super::base::REGIME;
use crate::metrics::metric::Metric;

/// Average precision of High.
pub const METRIC: Metric = Metric {
    name: "average_precision",
    title: "average precision",
    legend: "area under the curve of precision over recall of High; by chance the share of rows that \
        came High",
    formula: "sum over thresholds of P(High) of (recall - recall before) x precision. Interval: of \
        P(High) in 50 bins of equal count",
    interval: Some("average_precision_interval"),
    of: average_precision_of_high,
    ..REGIME
};

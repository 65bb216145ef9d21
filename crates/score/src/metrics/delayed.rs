//! The pooled correlation with entry one bar later, which a bounce of the price does not survive.

use crate::metrics::metric::{Metric, ReportSection};
use crate::variants::Variant;

/// Pearson against the realized return with entry one bar later: free of price bounce.
pub const METRIC: Metric = Metric {
    name: "delayed",
    title: "+1 bar",
    legend: "Pearson against the realized return with entry one bar later: free of price bounce",
    formula: "as pearson, against realized_delayed",
    section: ReportSection::Scores,
    interval: Some("delayed_interval"),
    of: |sample| sample.pooled(Variant::Delayed),
    minus: Some(|a, b| a.pooled_minus(b, Variant::Delayed)),
    ..Metric::FURTHER
};

//! The pooled correlation without the whole market's move.

use crate::metrics::metric::{Metric, ReportSection};
use crate::variants::Variant;

/// Pearson with both sides minus their mean over coins at that time.
pub const METRIC: Metric = Metric {
    name: "neutral",
    title: "neutral",
    legend: "Pearson with both sides minus their mean over coins at that time",
    formula: "as pearson, both sides minus their mean over coins at the time",
    section: ReportSection::Scores,
    interval: Some("neutral_interval"),
    of: |sample| sample.pooled(Variant::Neutral),
    minus: Some(|a, b| a.pooled_minus(b, Variant::Neutral)),
    ..Metric::FURTHER
};

//! The pooled correlation with entry one bar later, without the whole market's move.

use crate::metrics::metric::{Metric, ReportSection};
use crate::variants::Variant;

/// Pearson with entry one bar later, both sides minus their mean over coins at that time.
pub const METRIC: Metric = Metric {
    name: "delayed_neutral",
    title: "neutral +1",
    legend: "Pearson with entry one bar later, both sides minus their mean over coins at that time",
    formula: "as pearson, against realized_delayed, both sides minus their mean over coins at \
        the time",
    section: ReportSection::Scores,
    interval: Some("delayed_neutral_interval"),
    of: |sample| sample.pooled(Variant::DelayedNeutral),
    minus: Some(|a, b| a.pooled_minus(b, Variant::DelayedNeutral)),
    ..Metric::FURTHER
};

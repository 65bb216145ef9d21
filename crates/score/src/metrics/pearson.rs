//! The pooled correlation of forecast and realized.

use crate::metrics::metric::{Metric, ReportSection};
use crate::variants::Variant;

/// All (time, coin) pairs of a fold together; the mean over folds.
pub const METRIC: Metric = Metric {
    name: "pearson",
    title: "Pearson",
    legend: "all (time, coin) pairs of a fold together; the mean over folds",
    formula: "mean over folds of Pearson's correlation of forecast and realized over all pairs \
        of the fold. Interval: stationary bootstrap (Politis and Romano, 1994)",
    section: ReportSection::Scores,
    interval: Some("interval"),
    of: |sample| sample.pooled(Variant::Raw),
    minus: Some(|a, b| a.pooled_minus(b, Variant::Raw)),
    ..Metric::FURTHER
};

//! The order of the coins at one time.

use crate::metrics::metric::{Metric, ReportSection};

/// Spearman across coins at one time; the mean over times.
pub const METRIC: Metric = Metric {
    name: "rank_ic",
    title: "rank IC",
    legend: "Spearman across coins at one time; the mean over times",
    formula: "mean over times of Spearman's correlation across the coins of the time, of at \
        least three",
    section: ReportSection::Scores,
    interval: Some("rank_ic_interval"),
    of: |sample| sample.rank_ic(0),
    minus: Some(|a, b| a.rank_ic_minus(b, 0)),
    ..Metric::FURTHER
};

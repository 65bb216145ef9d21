//! The rank IC with entry one bar later.

use crate::metrics::metric::{Metric, ReportSection};

/// Rank IC with entry one bar later.
pub const METRIC: Metric = Metric {
    name: "rank_ic_delayed",
    title: "rank IC +1",
    legend: "rank IC with entry one bar later",
    formula: "as rank_ic, against realized_delayed",
    section: ReportSection::Scores,
    interval: Some("rank_ic_delayed_interval"),
    of: |sample| sample.rank_ic(1),
    minus: Some(|a, b| a.rank_ic_minus(b, 1)),
    ..Metric::FURTHER
};

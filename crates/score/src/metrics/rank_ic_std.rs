//! How much the rank IC moves from time to time.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, ReportSection};

/// Standard deviation over times of the rank IC.
pub const METRIC: Metric = Metric {
    name: "rank_ic_std",
    title: "rank IC sd",
    legend: "standard deviation over times of the rank IC",
    formula: "standard deviation over times, with n - 1",
    better: Better::Lower,
    section: ReportSection::Hidden,
    of: |sample| Estimate::point(sample.rank_summary(0).std),
    ..Metric::FURTHER
};

//! The rank IC in units of its spread.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, Unit};

/// Rank IC divided by its standard deviation over times.
pub const METRIC: Metric = Metric {
    name: "rank_icir",
    title: "rank ICIR",
    legend: "rank IC divided by its standard deviation over times",
    formula: "rank_ic / rank_ic_std, for one time (not annualized)",
    unit: Unit::Ratio,
    of: |sample| Estimate::point(sample.rank_summary(0).icir),
    ..Metric::FURTHER
};

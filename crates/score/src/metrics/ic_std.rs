//! How much the IC moves from time to time.

use statistics::{ic_per_timestamp, summarize_ic};

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, ReportSection};

/// Standard deviation over times of the IC.
pub const METRIC: Metric = Metric {
    name: "ic_std",
    title: "IC sd",
    legend: "standard deviation over times of the IC",
    formula: "standard deviation over times, with n - 1",
    better: Better::Lower,
    section: ReportSection::Hidden,
    of: |sample| {
        let (forecast, realized) = (sample.forecast(), &sample.rows().realized);
        let coefficients = ic_per_timestamp(sample.times(), forecast, realized);
        Estimate::point(summarize_ic(&coefficients).std)
    },
    ..Metric::FURTHER
};

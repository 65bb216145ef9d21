//! The IC in units of its spread.

use statistics::{ic_per_timestamp, summarize_ic};

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, Unit};

/// IC divided by its standard deviation over times.
pub const METRIC: Metric = Metric {
    name: "icir",
    title: "ICIR",
    legend: "IC divided by its standard deviation over times",
    formula: "ic / ic_std, for one time (not annualized)",
    unit: Unit::Ratio,
    of: |sample| {
        let (forecast, realized) = (sample.forecast(), &sample.rows().realized);
        let coefficients = ic_per_timestamp(sample.times(), forecast, realized);
        Estimate::point(summarize_ic(&coefficients).icir)
    },
    ..Metric::FURTHER
};

//! The coins of one time beside each other.

use statistics::{ic_per_timestamp, summarize_ic};

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::Metric;

/// Pearson across coins at one time; the mean over times.
pub const METRIC: Metric = Metric {
    name: "ic",
    title: "IC",
    legend: "Pearson across coins at one time; the mean over times",
    formula: "mean over times of Pearson's correlation across the coins of the time, of at least \
        three",
    of: |sample| {
        let (forecast, realized) = (sample.forecast(), &sample.rows().realized);
        let coefficients = ic_per_timestamp(sample.times(), forecast, realized);
        Estimate::point(summarize_ic(&coefficients).mean)
    },
    ..Metric::FURTHER
};

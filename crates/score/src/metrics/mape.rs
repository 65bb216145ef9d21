//! The mean absolute percentage error of prices.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};
use crate::price_errors::RelativeErrors;

/// Mean absolute error of the price, in parts of the price that came.
pub const METRIC: Metric = Metric {
    name: "mape",
    title: "MAPE",
    legend: "mean absolute error of the price, in parts of the price that came; that of `zero` is \
        what the last price has",
    formula: "mean over rows of |close (1 + forecast) - close (1 + realized)| / (close (1 + \
        realized)). Interval: times drawn in blocks no shorter than the reach",
    unit: Unit::Share,
    better: Better::Lower,
    section: ReportSection::Prices,
    interval: Some("mape_interval"),
    of: |sample| match RelativeErrors::new(sample) {
        Some(errors) => sample.ratio_of_sums(|row| Some([errors.at(row)?[0], 1.0])),
        None => Estimate::default(),
    },
    ..Metric::FURTHER
};

//! The symmetric mean absolute percentage error of prices.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};
use crate::price_errors::RelativeErrors;

/// Mean absolute error of the price, in parts of the mean of both prices.
pub const METRIC: Metric = Metric {
    name: "smape",
    title: "sMAPE",
    legend: "mean absolute error of the price, in parts of the mean of the price forecast and the \
        price that came",
    formula: "mean over rows of 2 |f - r| / (2 + f + r), of the forecast f and the realized r: the \
        close cancels out",
    unit: Unit::Share,
    better: Better::Lower,
    section: ReportSection::Prices,
    of: |sample| {
        let mean = |errors: RelativeErrors<'_>| {
            let term = |row| Some([errors.symmetric(row)?, 1.0]);
            sample.ratio_of_sums(term).value
        };
        Estimate::point(RelativeErrors::new(sample).and_then(mean))
    },
    ..Metric::FURTHER
};

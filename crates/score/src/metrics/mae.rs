//! The mean absolute error.

use statistics::mean_absolute_error;

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, Unit};

/// Mean absolute error over all rows.
pub const METRIC: Metric = Metric {
    name: "mae",
    title: "MAE",
    legend: "mean absolute error over all rows",
    formula: "mean of |forecast - realized|",
    unit: Unit::Target,
    better: Better::Lower,
    of: |sample| {
        let error = mean_absolute_error(sample.forecast(), &sample.rows().realized);
        Estimate::point(error.filter(|_| !sample.is_unknown()))
    },
    ..Metric::FURTHER
};

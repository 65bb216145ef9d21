//! The root of the mean squared error.

use statistics::root_mean_squared_error;

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, Unit};

/// Root of the mean squared error over all rows.
pub const METRIC: Metric = Metric {
    name: "rmse",
    title: "RMSE",
    legend: "root of the mean squared error over all rows",
    formula: "sqrt(mean of (forecast - realized)^2)",
    unit: Unit::Target,
    better: Better::Lower,
    of: |sample| {
        let error = root_mean_squared_error(sample.forecast(), &sample.rows().realized);
        Estimate::point(error.filter(|_| !sample.is_unknown()))
    },
    ..Metric::FURTHER
};

//! The mean absolute percentage error of the volatility.

use super::base::VOLATILITY;
use super::sums::of_rows;
use crate::metrics::metric::{Better, Metric, Unit};

/// Mean absolute error of the volatility, in parts of what came.
pub const METRIC: Metric = Metric {
    name: "volatility_mape",
    title: "MAPE",
    legend: "mean absolute error in parts of the volatility that came; a few calm weeks near 0 are \
        most of it, so that forecasts that are too low look good",
    formula: "mean of |forecast - realized| / realized of volatilities per day",
    unit: Unit::Share,
    better: Better::Lower,
    interval: Some("volatility_mape_interval"),
    of: |sample| {
        of_rows(
            sample,
            |level, row, realized| Some([(realized - level.volatility[row]).abs() / realized, 1.0]),
            |[sum, count]| Some(sum / count),
        )
    },
    ..VOLATILITY
};

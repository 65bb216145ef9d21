//! The mean absolute error of the volatility.

use super::base::VOLATILITY;
use super::sums::of_rows;
use crate::metrics::metric::{Better, Metric, Unit};

/// Mean absolute error of the volatility per day.
pub const METRIC: Metric = Metric {
    name: "volatility_mae",
    title: "MAE",
    legend: "mean absolute error of the volatility per day; the median is best by it, so that it \
        favours forecasts that are too low",
    formula: "mean of |forecast - realized| of volatilities per day",
    unit: Unit::Target,
    better: Better::Lower,
    interval: Some("volatility_mae_interval"),
    of: |sample| {
        of_rows(
            sample,
            |level, row, realized| Some([(realized - level.volatility[row]).abs(), 1.0]),
            |[sum, count]| Some(sum / count),
        )
    },
    ..VOLATILITY
};

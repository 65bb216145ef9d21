//! The root of the mean squared error of the volatility.

use super::base::VOLATILITY;
use super::sums::of_rows;
use crate::metrics::metric::{Better, Metric, Unit};

/// Root of the mean squared error of the volatility per day.
pub const METRIC: Metric = Metric {
    name: "volatility_rmse",
    title: "RMSE",
    legend: "root of the mean squared error of the volatility per day; a noisy measure of volatility \
        can turn its order of forecasters around, which QLIKE's it cannot",
    formula: "sqrt(mean of (forecast - realized)^2) of volatilities per day",
    unit: Unit::Target,
    better: Better::Lower,
    interval: Some("volatility_rmse_interval"),
    of: |sample| {
        of_rows(
            sample,
            |level, row, realized| Some([(realized - level.volatility[row]).powi(2), 1.0]),
            |[sum, count]| Some((sum / count).sqrt()),
        )
    },
    ..VOLATILITY
};

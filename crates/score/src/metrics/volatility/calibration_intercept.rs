//! The intercept of realized on forecast volatility.

use super::base::VOLATILITY;
use super::sums::level_line;
use crate::metrics::metric::{Better, Metric, Unit};

/// Intercept of the line of realized on forecast volatility.
pub const METRIC: Metric = Metric {
    name: "calibration_intercept",
    title: "intercept",
    legend: "intercept of the line of realized on forecast volatility: 0 where the level is calibrated",
    formula: "intercept of the regression of realized on forecast volatility per day, over all rows. \
        Mincer and Zarnowitz, \"The evaluation of economic forecasts\" (1969)",
    unit: Unit::Number,
    better: Better::CloserTo(0.0),
    interval: Some("calibration_intercept_interval"),
    of: |sample| level_line(sample, |[_, intercept]| intercept),
    ..VOLATILITY
};

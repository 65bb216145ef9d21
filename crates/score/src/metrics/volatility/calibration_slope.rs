//! The slope of realized on forecast volatility.

use super::base::VOLATILITY;
use super::sums::level_line;
use crate::metrics::metric::{Better, Metric, Unit};

/// Slope of the line of realized on forecast volatility.
pub const METRIC: Metric = Metric {
    name: "calibration_slope",
    title: "slope",
    legend: "slope of the line of realized on forecast volatility: 1 where the level is calibrated; below 1 forecasts swing too far",
    formula: "slope of the regression of realized on forecast volatility per day, over all rows. \
        Mincer and Zarnowitz, \"The evaluation of economic forecasts\" (1969)",
    unit: Unit::Number,
    better: Better::CloserTo(1.0),
    interval: Some("calibration_slope_interval"),
    of: |sample| level_line(sample, |[slope, _]| slope),
    ..VOLATILITY
};

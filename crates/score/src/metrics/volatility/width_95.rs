//! How wide the 95 % interval is.

use super::base::VOLATILITY;
use super::sums::of_bounds;
use crate::metrics::metric::{Better, Metric, Unit};

/// Mean width of the 95 % interval.
pub const METRIC: Metric = Metric {
    name: "width_95",
    title: "width of 95 %",
    legend: "mean width of the 95 % interval of the log volatility: .69 is from a value to twice that",
    formula: "mean of upper - lower over rows with an interval, as logs of volatilities",
    unit: Unit::Number,
    better: Better::Lower,
    interval: Some("width_95_interval"),
    of: |sample| {
        of_bounds(
            sample,
            |level| level.bounds_95.as_ref(),
            |[lower, upper], _| upper - lower,
        )
    },
    ..VOLATILITY
};

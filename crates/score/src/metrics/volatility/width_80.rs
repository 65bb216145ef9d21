//! How wide the 80 % interval is.

use super::base::VOLATILITY;
use super::sums::of_bounds;
use crate::metrics::metric::{Better, Metric, Unit};

/// Mean width of the 80 % interval.
pub const METRIC: Metric = Metric {
    name: "width_80",
    title: "width of 80 %",
    legend: "mean width of the 80 % interval of the log volatility: .69 is from a value to twice that",
    formula: "mean of upper - lower over rows with an interval, as logs of volatilities",
    unit: Unit::Number,
    better: Better::Lower,
    interval: Some("width_80_interval"),
    of: |sample| {
        of_bounds(
            sample,
            |level| level.bounds_80.as_ref(),
            |[lower, upper], _| upper - lower,
        )
    },
    ..VOLATILITY
};

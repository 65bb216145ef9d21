//! How often the 80 % interval holds what comes.

use super::base::VOLATILITY;
use super::sums::of_bounds;
use crate::metrics::metric::{Better, Metric, Unit};

/// Share of rows whose 80 % interval holds what came.
pub const METRIC: Metric = Metric {
    name: "coverage_80",
    title: "coverage of 80 %",
    legend: "share of rows whose 80 % interval holds the volatility that came",
    formula: "rows where lower <= realized <= upper / rows with an interval, as logs of volatilities",
    unit: Unit::Share,
    better: Better::CloserTo(0.8),
    interval: Some("coverage_80_interval"),
    of: |sample| {
        of_bounds(
            sample,
            |level| level.bounds_80.as_ref(),
            |[lower, upper], realized| f64::from(u8::from(lower <= realized && realized <= upper)),
        )
    },
    ..VOLATILITY
};

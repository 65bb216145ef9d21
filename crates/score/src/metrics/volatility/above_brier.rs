//! The squared error of probabilities of volatilities above a level.

use super::base::ABOVE;
use super::sums::of_above;
use crate::metrics::metric::Metric;

/// Brier score of P(above a level).
pub const METRIC: Metric = Metric {
    name: "above_brier",
    title: "Brier above",
    legend: "squared error of the probabilities of volatilities above a level, `regime.above`: .25 is what a half always has",
    formula: "mean over rows and levels of (p - 1 if the volatility came above the level, else p)^2. Brier, \
        \"Verification of forecasts expressed in terms of probability\" (1950)",
    interval: Some("above_brier_interval"),
    of: |sample| {
        of_above(
            sample,
            |probability, is_above, [sum, count]| {
                *sum += (probability - f64::from(u8::from(is_above))).powi(2);
                *count += 1.0;
            },
            |[sum, count]| Some(sum / count),
        )
    },
    ..ABOVE
};

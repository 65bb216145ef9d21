//! The loss of the probability of what came, of volatilities above a level.

use super::base::ABOVE;
use super::sums::of_above;
use crate::metrics::metric::Metric;

/// Log loss of P(above a level).
pub const METRIC: Metric = Metric {
    name: "above_log_loss",
    title: "log loss above",
    legend: "minus the log of the probability of what came, above a level or not: .6931 is what a half always has",
    formula: "mean over rows and levels of -ln p of volatilities that came above the level, of -ln (1 - p) of others, \
        p at least 1e-15",
    interval: Some("above_log_loss_interval"),
    of: |sample| {
        of_above(
            sample,
            |probability, is_above, [sum, count]| {
                let of_what_came = if is_above {
                    probability
                } else {
                    1.0 - probability
                };
                *sum -= of_what_came.max(1e-15).ln();
                *count += 1.0;
            },
            |[sum, count]| Some(sum / count),
        )
    },
    ..ABOVE
};

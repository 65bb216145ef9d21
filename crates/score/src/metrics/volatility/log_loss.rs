//! The loss of the probability of what came.

use super::base::REGIME;
use super::sums::of_regimes;
use crate::metrics::metric::{Better, Metric, Unit};

/// Mean log loss of the class probabilities.
pub const METRIC: Metric = Metric {
    name: "log_loss",
    title: "log loss",
    legend: "minus the log of the probability of the class that came: 1.0986 is what a third each has",
    formula: "mean over rows of -ln p(class that came), p at least 1e-15",
    unit: Unit::Loss,
    better: Better::Lower,
    interval: Some("log_loss_interval"),
    of: |sample| {
        of_regimes(
            sample,
            |row| [-row.probability[row.realized].max(1e-15).ln(), 1.0],
            |[sum, count]| Some(sum / count),
        )
    },
    ..REGIME
};

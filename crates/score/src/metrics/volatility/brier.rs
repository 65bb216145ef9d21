//! The squared error of probabilities.

use super::base::REGIME;
use super::sums::of_regimes;
use crate::metrics::metric::{Better, Metric, Unit};

/// Multiclass Brier score.
pub const METRIC: Metric = Metric {
    name: "brier",
    title: "Brier",
    legend: "squared error of the probabilities, summed over the classes: .667 is what a third each has",
    formula: "mean over rows of the sum over classes of (p - 1 if it came, else p)^2. Brier, \
        \"Verification of forecasts expressed in terms of probability\" (1950)",
    unit: Unit::Loss,
    better: Better::Lower,
    interval: Some("brier_interval"),
    of: |sample| {
        of_regimes(
            sample,
            |row| {
                let error = |class: usize| {
                    row.probability[class] - f64::from(u8::from(class == row.realized))
                };
                [(0..3).map(|class| error(class).powi(2)).sum(), 1.0]
            },
            |[sum, count]| Some(sum / count),
        )
    },
    ..REGIME
};

//! How far probabilities are from shares.

use super::base::REGIME;
use super::sums::{has_regimes, of_sums};
use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, Unit};

/// Expected calibration error, mean over classes.
pub const METRIC: Metric = Metric {
    name: "ece",
    title: "ECE",
    legend: "how far probabilities are from the shares that come true: 0 where of all rows with a \
        probability of 30 %, 30 % come true",
    formula: "mean over classes of the sum over 10 equal bins of the probability of |rows of the class \
        - sum of its probabilities| / rows. Naeini, Cooper and Hauskrecht, AAAI (2015)",
    unit: Unit::Loss,
    better: Better::Lower,
    interval: Some("ece_interval"),
    of: |sample| {
        let classes = sample.level().and_then(|level| level.regimes.as_ref());
        let classes = classes.map_or(3, |regimes| regimes.classes) as f64;
        let Some(rows) = sample.level_rows().filter(|_| has_regimes(sample)) else {
            return Estimate::default();
        };
        of_sums(
            sample,
            |_, row, _, sums| {
                let Some(row) = &rows.regimes[row] else {
                    return;
                };
                for (class, probability) in row.probability.iter().enumerate() {
                    let bin = ((probability * 10.0) as usize).min(9);
                    sums[10 * class + bin] +=
                        f64::from(u8::from(class == row.realized)) - probability;
                }
                sums[30] += 1.0;
            },
            |sums: &[f64; 31]| {
                let gaps: f64 = sums[..30].iter().map(|gap| gap.abs()).sum();
                Some(gaps / sums[30] / classes)
            },
        )
    },
    ..REGIME
};

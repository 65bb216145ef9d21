//! How far probabilities of volatilities above a level are from shares.

use super::base::ABOVE;
use super::sums::of_above;
use crate::metrics::metric::Metric;

/// Expected calibration error of P(above a level).
pub const METRIC: Metric = Metric {
    name: "above_ece",
    title: "ECE above",
    legend: "how far the probabilities of volatilities above a level are from the shares that come true",
    formula: "sum over 10 equal bins of the probability of |rows that came above the level - sum of the \
        probabilities| / rows, over rows and levels. Naeini, Cooper and Hauskrecht, AAAI (2015)",
    interval: Some("above_ece_interval"),
    of: |sample| {
        of_above(
            sample,
            |probability, is_above, sums| {
                let bin = ((probability * 10.0) as usize).min(9);
                sums[bin] += f64::from(u8::from(is_above)) - probability;
                sums[10] += 1.0;
            },
            |sums: &[f64; 11]| {
                let gaps: f64 = sums[..10].iter().map(|gap| gap.abs()).sum();
                Some(gaps / sums[10])
            },
        )
    },
    ..ABOVE
};

//! Ranks among training rows, as values of a standard normal distribution.
//!
//! As scikit-learn's `QuantileTransformer(n_quantiles=101, output_distribution="normal")`: a value's
//! share of the training values below it is read off 101 quantiles, linear between them; for a value
//! that several quantiles have, it is the middle of theirs. That holds for the lowest and the highest,
//! too, which are the furthest from 0 there, however many rows share them.

use statistics::{normal_quantile, quantile};

/// Quantiles of each feature, `[features][knots]`; empty where features are not ranked.
pub(super) type FeatureKnots = Vec<Vec<f32>>;

/// Quantiles of a feature: one at each percent.
const KNOTS: usize = 101;

/// No score is further from 0: that of a share of 1e-7, for a value beyond all of training.
const FURTHEST: f64 = 5.199_337_582_605_575;

/// The quantiles of the values that are numbers; all 0 where there is none.
pub(super) fn knots_of(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f64> = (values.filter(|value| !value.is_nan()))
        .map(f64::from)
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let knot = |place: usize| quantile(&values, share(place)).unwrap_or_default() as f32;
    (0..KNOTS).map(knot).collect()
}

/// Returns true for what [`knots_of`] makes of so many features, or nothing.
pub(super) fn are_knots(knots: &FeatureKnots, features: usize) -> bool {
    let of_feature = |knots: &Vec<f32>| {
        knots.len() == KNOTS && knots.iter().all(|knot| knot.is_finite()) && knots.is_sorted()
    };
    knots.is_empty() || (knots.len() == features && knots.iter().all(of_feature))
}

/// The value of a standard normal distribution that has as many values below it as `value` has in
/// training; NaN for what is no number.
pub(super) fn normal_score(knots: &[f32], value: f64) -> f64 {
    if value.is_nan() {
        return f64::NAN;
    }
    // Of quantiles that equal the value, the first and the last.
    let first = knots.partition_point(|&knot| f64::from(knot) < value);
    let last = knots.partition_point(|&knot| f64::from(knot) <= value);
    let share = match (first, last) {
        (0, 0) => 0.0,
        (first, last) if first < last => (share(first) + share(last - 1)) / 2.0,
        (first, _) if first == knots.len() => 1.0,
        (first, _) => {
            let (low, high) = (f64::from(knots[first - 1]), f64::from(knots[first]));
            share(first - 1) + (value - low) / (high - low) * share(1)
        }
    };
    normal_quantile(share).clamp(-FURTHEST, FURTHEST)
}

/// The share of the training values below a quantile.
fn share(place: usize) -> f64 {
    place as f64 / (KNOTS - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// floor(40 sin(i^2)) / 10 of i from 0 to 499: 81 different values, so that quantiles repeat.
    fn values() -> impl Iterator<Item = f32> {
        let value = |i: i32| ((40.0 * f64::from(i * i).sin()).floor() / 10.0) as f32;
        (0..500).map(value)
    }

    /// `QuantileTransformer(n_quantiles=101, output_distribution="normal")` of scikit-learn 1.9.1,
    /// fitted to the same values.
    #[test]
    fn scores_equal_scikit_learn() {
        let knots = knots_of(values().chain([f32::NAN]));
        let golden = [
            (-9.00, -5.199_337_6),
            (-3.95, -1.439_531_4),
            (-1.23, -0.241_967_9),
            (0.00, 0.000_000_0),
            (0.05, 0.012_533_5),
            (2.20, 0.495_850_3),
            (3.85, 1.439_531_5),
            (4.00, 5.199_337_6),
        ];
        for (value, expected) in golden {
            let found = normal_score(&knots, value);
            assert!(
                (found - expected).abs() < 1e-5,
                "{value}: {found}, expected {expected}"
            );
        }
        assert!(normal_score(&knots, f64::NAN).is_nan());
        // The first 8 quantiles are -4: the middle of shares 0 and .07.
        let lowest = normal_score(&knots, -4.0);
        assert!((lowest - normal_quantile(0.035)).abs() < 1e-12, "{lowest}");
    }

    #[test]
    fn what_never_changes_is_in_the_middle() {
        let knots = knots_of([2.5; 7].into_iter());
        assert!(normal_score(&knots, 2.5).abs() < 1e-12);
        assert_eq!(
            [2.4, 2.6].map(|value| normal_score(&knots, value)),
            [-FURTHEST, FURTHEST]
        );
        assert_eq!(knots_of([f32::NAN].into_iter()), [0.0; KNOTS]);
    }

    #[test]
    fn order_is_kept() {
        let knots = knots_of(values());
        let scores: Vec<f64> = (-50..50)
            .map(|i| normal_score(&knots, f64::from(i) / 10.0))
            .collect();
        assert!(scores.is_sorted());
    }
}

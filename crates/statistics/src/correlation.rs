//! Correlations of two slices: Pearson, weighted Pearson and Spearman.
//!
//! Pairs in which either side is NaN are left out. A correlation is undefined (`None`) with fewer
//! than three pairs (two points always correlate by one) and where a side is constant.

use crate::ordering::sorted;

/// Pairs a correlation needs at least.
const LEAST_PAIRS: usize = 3;

/// A side whose standard deviation is below this share of its largest value is constant: the rest
/// is rounding.
const CONSTANT: f64 = 1e-14;

/// Pearson correlation of `x` and `y`, from sums over all pairs after centering.
///
/// # Shapes
/// `x` and `y` of the same length, in any unit; further entries of the longer are ignored.
///
/// # Examples
/// ```
/// assert_eq!(statistics::pearson(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Some(1.0));
/// assert_eq!(statistics::pearson(&[0.0, 0.0, 0.0], &[2.0, 4.0, 6.0]), None);
/// ```
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    correlate(|| x.iter().zip(y).map(|(x, y)| (*x, *y, 1.0)))
}

/// Pearson correlation with a weight of 0 or more for every pair, as in the G-Research competition:
/// cov(x, y; w) / sqrt(var(x; w) var(y; w)) with weighted means.
///
/// # Shapes
/// `x`, `y` and `weight` of the same length.
pub fn weighted_pearson(x: &[f64], y: &[f64], weight: &[f64]) -> Option<f64> {
    correlate(|| {
        x.iter()
            .zip(y)
            .zip(weight)
            .map(|((x, y), weight)| (*x, *y, *weight))
    })
}

/// Spearman rank correlation: Pearson of the average ranks.
///
/// # Shapes
/// `x` and `y` of the same length.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let known = |(x, y): &(&f64, &f64)| !x.is_nan() && !y.is_nan();
    let (x, y): (Vec<f64>, Vec<f64>) = x.iter().zip(y).filter(known).unzip();
    pearson(&average_ranks(&x), &average_ranks(&y))
}

/// Ranks counted from 1; equal values share the mean of their ranks. Without NaN.
///
/// # Examples
/// ```
/// assert_eq!(statistics::average_ranks(&[5.0, 1.0, 5.0]), [2.5, 1.0, 2.5]);
/// ```
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    ranks_of(&sorted(values))
}

/// The ranks of values by their order keys and places, lowest first.
pub(crate) fn ranks_of(order: &[(u64, u32)]) -> Vec<f64> {
    let mut ranks = vec![0.0; order.len()];
    let mut below = 0;
    for ties in order.chunk_by(|left, right| left.0 == right.0) {
        let rank = below as f64 + (ties.len() as f64 + 1.0) / 2.0;
        for (_, index) in ties {
            ranks[*index as usize] = rank;
        }
        below += ties.len();
    }
    ranks
}

/// Correlation of (x, y, weight) triples, which are walked three times: origin and scale, means,
/// then centered sums.
///
/// Values are taken from the first pair's on: the mean of a million equal values is then that value
/// to the last bit, while a sum of a million of them is rounded so often that the deviations from
/// it are no longer nothing.
fn correlate<I: Iterator<Item = (f64, f64, f64)>>(triples: impl Fn() -> I) -> Option<f64> {
    let triples = || triples().filter(|(x, y, weight)| !x.is_nan() && !y.is_nan() && *weight > 0.0);
    let (x_origin, y_origin, _) = triples().next()?;
    let (mut count, mut total) = (0, 0.0);
    let (mut x_mean, mut y_mean, mut x_scale, mut y_scale) = (0.0, 0.0, 0.0_f64, 0.0_f64);
    for (x, y, weight) in triples() {
        count += 1;
        total += weight;
        x_mean += weight * (x - x_origin);
        y_mean += weight * (y - y_origin);
        x_scale = x_scale.max(x.abs());
        y_scale = y_scale.max(y.abs());
    }
    if count < LEAST_PAIRS || x_scale == 0.0 || y_scale == 0.0 {
        return None;
    }
    x_mean /= total;
    y_mean /= total;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y, weight) in triples() {
        let x = (x - x_origin - x_mean) / x_scale;
        let y = (y - y_origin - y_mean) / y_scale;
        xx += weight * x * x;
        yy += weight * y * y;
        xy += weight * x * y;
    }
    let constant = CONSTANT * CONSTANT * total;
    if xx <= constant || yy <= constant {
        return None;
    }
    let correlation = xy / (xx.sqrt() * yy.sqrt());
    correlation
        .is_finite()
        .then(|| correlation.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_where_a_side_is_constant_or_pairs_are_few() {
        assert_eq!(pearson(&[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(pearson(&[0.1 + 0.2, 0.3, 0.3], &[1.0, 2.0, 3.0]), None);
        assert_eq!(pearson(&[], &[]), None);
        assert_eq!(
            weighted_pearson(&[1.0, 2.0, 4.0], &[1.0, 2.0, 3.0], &[0.0; 3]),
            None
        );
        assert_eq!(spearman(&[2.0; 4], &[1.0, 2.0, 3.0, 4.0]), None);
    }

    #[test]
    fn a_constant_has_no_correlation_whatever_its_value_and_number() {
        let y: Vec<f64> = (0..700_001)
            .map(|row| ((row * 7919) % 1013) as f64 - 506.0)
            .collect();
        for constant in [
            0.0,
            1.0,
            0.001,
            0.1,
            0.000_01,
            -0.000_37,
            0.000_127_104_602_619_738_46,
            1e300,
            -1e-300,
        ] {
            let x = vec![constant; y.len()];
            let weight: Vec<f64> = y.iter().map(|value| 1.0 + value.abs() / 7.0).collect();
            assert_eq!(
                (pearson(&x, &y), pearson(&y, &x)),
                (None, None),
                "{constant}"
            );
            assert_eq!(
                (weighted_pearson(&x, &y, &weight), spearman(&x, &y)),
                (None, None),
                "{constant}"
            );
        }
    }

    #[test]
    fn pairs_with_nan_are_left_out() {
        let x = [1.0, f64::NAN, 2.0, 4.0, 3.0];
        let y = [1.0, 9.0, 3.0, 2.0, f64::NAN];
        assert_eq!(pearson(&x, &y), pearson(&[1.0, 2.0, 4.0], &[1.0, 3.0, 2.0]));
        assert_eq!(spearman(&x, &y), Some(0.5));
    }

    #[test]
    fn survives_extreme_scales() {
        let x = [1e-200, 2e-200, 4e-200];
        let y = [1e200, 2e200, 3e200];
        let expected = pearson(&[1.0, 2.0, 4.0], &[1.0, 2.0, 3.0]);
        assert!((pearson(&x, &y).unwrap_or(0.0) - expected.unwrap_or(1.0)).abs() < 1e-12);
    }

    #[test]
    fn signed_zeros_are_ties() {
        assert_eq!(average_ranks(&[0.0, -0.0, -1.0]), [2.5, 2.5, 1.0]);
    }
}

//! Least squares with weights of at least 0 and a price on each, for a handful of columns.

/// Rounds after which coordinate descent is done whatever remains; it needs dozens.
const MOST_ROUNDS: usize = 10_000;

/// A round that moves no weight further than this share of the largest one is the last.
const TOLERANCE: f64 = 1e-13;

/// The w >= 0 that minimises `w'A w / 2 - b'w + p'w`, by coordinate descent: `products` is A,
/// symmetric, `[n, n]` row-major; `with_target` is b; `prices` is p, each at least 0.
///
/// A column of zeros has the weight 0. Of columns that say the same the first has it all.
pub fn nonnegative_lasso(products: &[f64], with_target: &[f64], prices: &[f64]) -> Vec<f64> {
    let count = with_target.len();
    let scales: Vec<f64> = (0..count).map(|j| products[j * count + j].sqrt()).collect();
    // Columns of length 1, so that one tolerance fits all.
    let product = |i: usize, j: usize| products[i * count + j] / (scales[i] * scales[j]);
    let mut weights = vec![0.0; count];
    for _ in 0..MOST_ROUNDS {
        let mut furthest: f64 = 0.0;
        for j in (0..count).filter(|&j| scales[j] > 0.0) {
            let others = (0..count).filter(|&i| i != j && weights[i] > 0.0);
            let explained: f64 = others.map(|i| product(j, i) * weights[i]).sum();
            let best = ((with_target[j] - prices[j]) / scales[j] - explained).max(0.0);
            furthest = furthest.max((best - weights[j]).abs());
            weights[j] = best;
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if furthest <= TOLERANCE * largest {
            break;
        }
    }
    let in_own_scale = weights.into_iter().zip(&scales);
    in_own_scale
        .map(|(weight, &scale)| if scale > 0.0 { weight / scale } else { 0.0 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A of the columns (1, 2, 0) and (0, 1, 3); b of the target (1, 4, 3).
    const PRODUCTS: [f64; 4] = [5.0, 2.0, 2.0, 10.0];
    const WITH_TARGET: [f64; 2] = [9.0, 13.0];

    #[test]
    fn without_prices_it_is_least_squares() {
        let weights = nonnegative_lasso(&PRODUCTS, &WITH_TARGET, &[0.0; 2]);
        // 5 a + 2 b = 9 and 2 a + 10 b = 13.
        let expected = [64.0 / 46.0, 47.0 / 46.0];
        for (weight, expected) in weights.iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-12, "{weights:?}");
        }
    }

    #[test]
    fn a_price_is_taken_off_and_may_leave_nothing() {
        let weights = nonnegative_lasso(&PRODUCTS, &WITH_TARGET, &[1.0, 10.0]);
        // With b alone 3 / 10; a alone 8 / 5; both: 5 a + 2 b = 8 and 2 a + 10 b = 3.
        assert_eq!(weights[1], 0.0, "{weights:?}");
        assert!((weights[0] - 1.6).abs() < 1e-12, "{weights:?}");
        assert_eq!(
            nonnegative_lasso(&PRODUCTS, &WITH_TARGET, &[9.0, 14.0]),
            [0.0, 0.0]
        );
    }

    #[test]
    fn what_points_the_wrong_way_or_says_nothing_has_no_weight() {
        assert_eq!(
            nonnegative_lasso(&[4.0, 0.0, 0.0, 0.0], &[-1.0, 0.0], &[0.0; 2]),
            [0.0, 0.0]
        );
    }

    #[test]
    fn of_two_that_say_the_same_the_first_has_the_weight() {
        let weights = nonnegative_lasso(&[2.0; 4], &[3.0; 2], &[0.0; 2]);
        assert!(
            (weights[0] - 1.5).abs() < 1e-12 && weights[1] < 1e-12,
            "{weights:?}"
        );
    }
}

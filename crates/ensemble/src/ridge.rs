//! Ridge regression with weights of at least 0, for a handful of columns.

use crate::ridge_sums::RidgeSums;

/// Rounds after which coordinate descent is done whatever remains; it needs dozens.
const MOST_ROUNDS: usize = 10_000;

/// A round that moves no weight further than this is the last.
const TOLERANCE: f64 = 1e-13;

/// The w >= 0 that minimises `mean((y - X w)^2) + penalty x sum(mean(x_j^2) x (w_j - prior)^2)`, by
/// coordinate descent: the least squares of standardized columns, drawn towards `prior`. A column
/// of zeros has the weight `prior`.
pub fn nonnegative_ridge(sums: &RidgeSums, prior: f64, penalty: f64) -> Vec<f64> {
    let members = sums.members();
    let mut weights = vec![prior; members];
    for _ in 0..MOST_ROUNDS {
        let mut furthest: f64 = 0.0;
        for j in 0..members {
            let square = sums.product(j, j);
            if square <= 0.0 {
                continue;
            }
            let explained: f64 = (0..members)
                .filter(|&i| i != j)
                .map(|i| sums.product(j, i) * weights[i])
                .sum();
            let best = (sums.realized(j) - explained + penalty * square * prior)
                / (square * (1.0 + penalty));
            let best = best.max(0.0);
            furthest = furthest.max((best - weights[j]).abs());
            weights[j] = best;
        }
        if furthest <= TOLERANCE {
            break;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(rows: &[([f64; 2], f64)]) -> RidgeSums {
        let mut sums = RidgeSums::new(2);
        rows.iter()
            .for_each(|(forecasts, realized)| sums.add(forecasts, *realized));
        sums
    }

    #[test]
    fn it_is_least_squares_without_a_penalty() {
        let rows = [
            ([1.0, 0.2], 0.42),
            ([0.5, -1.0], -0.45),
            ([-2.0, 1.0], 0.0),
            ([0.3, 0.3], 0.27),
        ];
        let weights = nonnegative_ridge(&sums(&rows), 0.5, 0.0);
        assert!(
            (weights[0] - 0.3).abs() < 1e-9 && (weights[1] - 0.6).abs() < 1e-9,
            "{weights:?}"
        );
    }

    #[test]
    fn what_points_the_wrong_way_has_no_weight() {
        let rows = [([1.0, 1.0], -1.0), ([-1.0, 1.0], 1.0), ([1.0, 2.0], 0.5)];
        let weights = nonnegative_ridge(&sums(&rows), 0.5, 0.01);
        assert_eq!(weights[0], 0.0);
        assert!(weights[1] > 0.0);
    }

    #[test]
    fn a_penalty_draws_towards_the_prior_by_the_share_that_it_says() {
        let one_way = sums(&[([1.0, 0.0], 1.0), ([-1.0, 0.0], -1.0)]);
        assert_eq!(nonnegative_ridge(&one_way, 0.5, 1.0), [0.75, 0.5]);
        let strongly = nonnegative_ridge(&one_way, 0.5, 1e9);
        assert!((strongly[0] - 0.5).abs() < 1e-8);
    }
}

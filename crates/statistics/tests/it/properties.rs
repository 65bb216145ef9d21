//! What holds for every forecast.

use proptest::prelude::*;
use statistics::{
    average_ranks, neutralize, pearson, spearman, timestamp_groups, weighted_pearson,
};

/// Pairs with a weight.
fn pairs() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    prop::collection::vec((-10.0..10.0, -10.0..10.0, 0.1..5.0), 3..60)
}

fn columns(pairs: &[(f64, f64, f64)]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let x = pairs.iter().map(|pair| pair.0).collect();
    let y = pairs.iter().map(|pair| pair.1).collect();
    (x, y, pairs.iter().map(|pair| pair.2).collect())
}

fn close(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() < 1e-9,
        (left, right) => left == right,
    }
}

proptest! {
    #[test]
    fn correlations_lie_between_minus_one_and_one(pairs in pairs()) {
        let (x, y, weight) = columns(&pairs);
        for value in [pearson(&x, &y), spearman(&x, &y), weighted_pearson(&x, &y, &weight)].into_iter().flatten() {
            prop_assert!((-1.0..=1.0).contains(&value));
        }
    }

    #[test]
    fn pearson_is_free_of_scale_and_shift(pairs in pairs(), exponent in -100..100_i32, shift in -1e3..1e3) {
        let (x, y, _) = columns(&pairs);
        let scaled: Vec<f64> = x.iter().map(|x| x * 10.0_f64.powi(exponent)).collect();
        let shifted: Vec<f64> = x.iter().map(|x| x + shift).collect();
        prop_assert!(close(pearson(&x, &y), pearson(&scaled, &y)));
        prop_assert!(close(pearson(&x, &y), pearson(&shifted, &y)));
    }

    #[test]
    fn negation_flips_the_sign(pairs in pairs()) {
        let (x, y, weight) = columns(&pairs);
        let negated: Vec<f64> = x.iter().map(|x| -x).collect();
        prop_assert!(close(pearson(&x, &y), pearson(&negated, &y).map(|value| -value)));
        prop_assert!(close(spearman(&x, &y), spearman(&negated, &y).map(|value| -value)));
        let flipped = weighted_pearson(&negated, &y, &weight).map(|value| -value);
        prop_assert!(close(weighted_pearson(&x, &y, &weight), flipped));
    }

    #[test]
    fn a_whole_weight_repeats_the_pair(pairs in pairs(), repeated in 0..3_usize) {
        let (mut x, mut y, _) = columns(&pairs);
        let mut weight = vec![1.0; x.len()];
        weight[repeated] = 3.0;
        let weighted = weighted_pearson(&x, &y, &weight);
        for _ in 0..2 {
            x.push(x[repeated]);
            y.push(y[repeated]);
        }
        prop_assert!(close(weighted, pearson(&x, &y)));
    }

    #[test]
    fn ranks_sum_to_what_they_must(values in prop::collection::vec(-3..3_i32, 0..50)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let count = values.len() as f64;
        prop_assert!((average_ranks(&values).iter().sum::<f64>() - count * (count + 1.0) / 2.0).abs() < 1e-9);
    }

    #[test]
    fn neutral_values_do_not_see_the_market(pairs in pairs(), market in -5.0..5.0) {
        let (x, y, _) = columns(&pairs);
        let times: Vec<i64> = (0..x.len() as i64).map(|row| row / 4).collect();
        let groups = timestamp_groups(&times);
        let moved: Vec<f64> = x.iter().zip(&times).map(|(x, time)| x + market * *time as f64).collect();
        let (neutral, _) = neutralize(&groups, &x, &y);
        let (neutral_moved, _) = neutralize(&groups, &moved, &y);
        for (left, right) in neutral.iter().zip(&neutral_moved) {
            prop_assert!((left.is_nan() && right.is_nan()) || (left - right).abs() < 1e-9);
        }
    }
}

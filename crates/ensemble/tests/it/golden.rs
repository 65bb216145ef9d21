//! Weights and forecasts against numpy, by `scripts/golden-ensemble.py`.

use ensemble::{Weights, combine_in_units};
use score::Rows;
use serde::Deserialize;

use crate::support::{fit_with_prior, rows};

const COINS: usize = 4;
const HOURS: i64 = 24 * 24;
const FOLD_HOURS: usize = 8 * 24;

#[derive(Deserialize)]
struct Golden {
    rows: Vec<usize>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    prior_days: f64,
    folds: Vec<Weights>,
    forecasts: Vec<f64>,
}

fn noise(t: i64, coin: i64, a: i64, b: i64) -> i64 {
    (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % 201 - 100
}

/// The forecasts of three members, and rows with what came of them.
fn made() -> (Rows, [Vec<f64>; 3]) {
    let (mut returns, mut units, mut members) = (Vec::new(), Vec::new(), [const { Vec::new() }; 3]);
    for t in 0..HOURS {
        for coin in 0..COINS as i64 {
            let market = noise(t, 0, 7919, 104_729);
            let known = [noise(t, coin, 613, 17) + market, noise(t, coin, 331, 43)];
            let unit = (50 + noise(t / 24, coin, 31, 17).rem_euclid(50)) as f64 / 1e4;
            let said = [
                known[0],
                known[1] + known[0].div_euclid(2),
                noise(t, coin, 101, 11),
            ];
            for (member, said) in members.iter_mut().zip(said) {
                member.push(said as f64 / 1e2 * unit);
            }
            let came = known[0] + 2 * known[1] + 3 * noise(t, coin, 37, 5);
            returns.push((came as f64 / 50.0 * unit).exp_m1());
            units.push(unit);
        }
    }
    (rows(COINS, FOLD_HOURS, returns, units), members)
}

#[test]
fn weights_and_forecasts_equal_numpy() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/ic_a_day.json")).unwrap();
    assert_eq!(golden.cases.len(), 2);
    for case in &golden.cases {
        weights_and_forecasts_equal(case, &golden.rows);
    }
}

fn weights_and_forecasts_equal(golden: &Case, golden_rows: &[usize]) {
    let (rows, members) = made();
    let folds = fit_with_prior(&rows, &members, 0.5, golden.prior_days);
    assert_eq!(folds.len(), golden.folds.len());
    for (found, golden) in folds.iter().zip(&golden.folds) {
        let pairs = [
            (&found.weights.market, &golden.market),
            (&found.weights.own, &golden.own),
        ];
        for (found, golden) in pairs.into_iter().flat_map(|(a, b)| a.iter().zip(b)) {
            assert!((found - golden).abs() < 1e-9, "{folds:?}");
        }
    }
    let units = rows.trailing_volatility.as_deref().unwrap();
    for (&row, golden) in golden_rows.iter().zip(&golden.forecasts) {
        let first = row / COINS * COINS;
        let time = first..first + COINS;
        let members = [0, 1, 2].map(|member: usize| &members[member][time.clone()]);
        let weights = &folds[rows.fold[row] as usize - 1].weights;
        let found = combine_in_units(weights, &members, &units[time])[row - first];
        assert!(
            (found - golden).abs() < 1e-12,
            "{row}: {found}, golden {golden}"
        );
    }
}

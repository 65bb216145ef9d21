//! The method `qlike`: its weights against numpy (`scripts/golden-ensemble.py`), and what they know.

use ensemble::{EnsembleOptions, FoldWeights, Method, Weights, fold_weights};
use score::{Quantity, Rows};
use serde::Deserialize;

use crate::support::{HOUR_MS, rows};

const COINS: usize = 4;
const HOURS: i64 = 24 * 24;
const FOLD_HOURS: usize = 8 * 24;

#[derive(Deserialize)]
struct Case {
    recent_days: f64,
    folds: Vec<Vec<f64>>,
}

fn noise(t: i64, coin: i64, a: i64, b: i64) -> f64 {
    ((t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % 201 - 100) as f64
}

/// Logarithms of volatilities, and three members: the second is as good as the first at another level,
/// the third is worse.
fn made() -> (Rows, [Vec<f64>; 3]) {
    let cells = || (0..HOURS).flat_map(|t| (0..COINS as i64).map(move |coin| (t, coin)));
    let realized: Vec<f64> = cells()
        .map(|(t, coin)| -3.0 + noise(t, coin, 613, 17) / 100.0)
        .collect();
    let errors = [
        |t, coin| noise(t, coin, 331, 43) / 200.0,
        |t, coin| noise(t, coin, 101, 11) / 200.0 - 0.5,
        |t, coin| noise(t, coin, 37, 5) / 160.0,
    ];
    let members = errors.map(|error: fn(i64, i64) -> f64| {
        let pairs = cells().zip(&realized);
        pairs
            .map(|((t, coin), came)| came - error(t, coin))
            .collect()
    });
    let count = realized.len();
    let mut rows = rows(COINS, FOLD_HOURS, vec![0.0; count], vec![1.0; count]);
    (rows.quantity, rows.realized) = (Quantity::LogVolatility, realized);
    (rows, members)
}

fn fit(rows: &Rows, members: &[Vec<f64>], recent_days: f64) -> Vec<FoldWeights> {
    let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
    let options = EnsembleOptions {
        method: Method::Qlike,
        recent_days,
        ..EnsembleOptions::default()
    };
    fold_weights(rows, &members, &options, 1).unwrap()
}

#[test]
fn weights_equal_numpy() {
    let golden: Vec<Case> = serde_json::from_str(include_str!("../golden/qlike.json")).unwrap();
    let (rows, members) = made();
    assert_eq!(golden.len(), 2);
    for case in golden {
        let folds = fit(&rows, &members, case.recent_days);
        assert_eq!(folds.len(), case.folds.len());
        assert_eq!(folds[0].weights, Weights::equal(3));
        for (found, expected) in folds.iter().zip(&case.folds) {
            for part in [&found.weights.market, &found.weights.own] {
                let close = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-9;
                assert!(
                    part.iter().zip(expected).all(close),
                    "{found:?} {expected:?}"
                );
            }
        }
    }
}

/// Whatever happens in fold k or later, or ends there, changes no weight of fold k.
#[test]
fn weights_know_nothing_of_their_own_fold() {
    let (rows, members) = made();
    let expected = fit(&rows, &members, 90.0);
    for fold in 1..=3usize {
        let (mut rows, mut members) = made();
        let start_ms = ((fold - 1) * FOLD_HOURS) as i64 * HOUR_MS;
        for row in 0..rows.len() {
            if rows.time_ms[row] >= start_ms {
                for member in &mut members {
                    member[row] = -6.0 - member[row];
                }
            }
            // A target of two hours, and an hour's embargo.
            if rows.time_ms[row] + 3 * HOUR_MS >= start_ms {
                rows.realized[row] = 4.0;
            }
        }
        let found = fit(&rows, &members, 90.0);
        assert_eq!(found[..fold], expected[..fold], "fold {fold}");
        if fold < 3 {
            assert_ne!(found[fold].weights, expected[fold].weights);
        }
    }
}

#[test]
fn returns_have_no_qlike() {
    let (mut rows, members) = made();
    rows.quantity = Quantity::Return;
    let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
    let options = EnsembleOptions {
        method: Method::Qlike,
        ..EnsembleOptions::default()
    };
    let error = fold_weights(&rows, &members, &options, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ensemble.method = \"qlike\" of runs that forecast no volatility: expected target.kind = \
         \"volatility\", as QLIKE compares variances"
    );
}

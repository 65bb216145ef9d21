//! Coefficients and forecasts against numpy, by `scripts/golden-ridge.py`.

use linear::RidgeFit;
use serde::Deserialize;

use crate::support::{BARS, COINS, dataset, options, panel};

#[derive(Deserialize)]
struct Golden {
    refits: Vec<linear::Refit>,
    rows: Vec<usize>,
    forecasts: Vec<Vec<Option<f64>>>,
}

/// Features are kept in 32 bits, and numpy's may differ in the last.
const TOLERANCE: f64 = 1e-6;

#[test]
fn coefficients_and_forecasts_equal_numpy() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/ridge.json")).unwrap();
    let dataset = dataset(panel(0, BARS));
    let fitted = RidgeFit::fit(&dataset, &dataset.plan.folds[0], options()).unwrap();
    assert_eq!(fitted.refits().len(), golden.refits.len());
    for (found, golden) in fitted.refits().iter().zip(&golden.refits) {
        assert_eq!((found.from_ms, found.rows), (golden.from_ms, golden.rows));
        let all =
            |refit: &linear::Refit| [&refit.own[..], &refit.market, &[refit.market_share]].concat();
        for (place, (found, golden)) in all(found).iter().zip(all(golden)).enumerate() {
            assert!(
                f64::from((found - golden).abs()) < TOLERANCE,
                "{place}: {found}, golden {golden}"
            );
        }
    }
    let forecasts = fitted.forecast(&dataset.panel, &golden.rows);
    let golden: Vec<Option<f64>> = golden.forecasts.concat();
    assert_eq!(forecasts.len(), golden.len());
    for (place, (found, golden)) in forecasts.iter().zip(golden).enumerate() {
        match (found, golden) {
            (Ok(found), Some(golden)) => {
                let at = (place / COINS, place % COINS);
                assert!(
                    (found - golden).abs() < TOLERANCE * 1e-2,
                    "{at:?}: {found} {golden}"
                );
            }
            (found, golden) => assert!(found.is_err() && golden.is_none(), "{found:?} {golden:?}"),
        }
    }
}

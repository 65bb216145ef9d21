//! Coefficients, forecasts and residuals against numpy and arch, by `scripts/golden-volatility-models.py`.

use golden::{floats, integers, list, number, whole};
use statistics::garch;
use volatility::VolatilityFit;

use crate::support::{COINS, DAYS, dataset, fitted, loaded, options, panel};

fn values() -> serde_json::Value {
    golden::read(include_str!("../golden/models.json"))
}

/// Within 1e-8 of its size, as the same sums in another order are.
fn assert_near(name: &str, found: f64, expected: f64) {
    assert_within(name, found, expected, 1e-8);
}

fn assert_within(name: &str, found: f64, expected: f64, share: f64) {
    let tolerance = share * expected.abs().max(1e-3);
    assert!(
        (found - expected).abs() < tolerance,
        "{name}: {found}, golden {expected}"
    );
}

#[test]
fn the_folds_are_those_of_the_golden_values() {
    let dataset = dataset(panel(0, DAYS), None);
    let golden = values();
    assert_eq!(dataset.plan.folds.len(), list(&golden["folds"]).len());
    for (fold, golden) in dataset.plan.folds.iter().zip(list(&golden["folds"])) {
        let all = [Some(1.0); COINS];
        let scored = dataset.scored_windows(fold.score.clone(), &all);
        let rows = fitted(&dataset, "log_har", fold.number - 1).refits[0].rows;
        assert_eq!(
            (fold.score.start, rows, scored.dropped.kept()),
            (
                whole(golden, "first"),
                whole(golden, "rows"),
                whole(golden, "scored_rows")
            )
        );
    }
}

#[test]
fn regressions_equal_numpy() {
    let dataset = dataset(panel(0, DAYS), None);
    let golden = values();
    let offsets: Vec<usize> = integers(&golden["forecast_rows"]);
    for (place, golden) in list(&golden["folds"]).iter().enumerate() {
        let first = dataset.plan.folds[place].score.start;
        let rows: Vec<usize> = offsets.iter().map(|offset| first + offset).collect();
        for (name, golden) in golden["models"].as_object().unwrap() {
            let fitted = fitted(&dataset, name, place);
            let shared = &fitted.refits[0].parameters.shared;
            let expected = floats(&golden["coefficients"]);
            assert_eq!(shared.len(), expected.len(), "{name}");
            for ((number, value), error) in
                shared.iter().zip(expected).zip(floats(&golden["errors"]))
            {
                let label = format!("{name} {} in fold {}", number.name, place + 1);
                // Its many terms nearly say the same on so few days.
                let share = if name == "parts_harq" { 1e-6 } else { 1e-8 };
                assert_within(&label, number.value, value, share);
                assert_within(&label, number.error.unwrap(), error, share);
            }
            let found = loaded(&dataset, name, place).forecast(&dataset.panel, &rows);
            let expected = list(&golden["forecasts"]).iter().flat_map(floats);
            for (found, expected) in found.into_iter().zip(expected).filter(|(_, e)| !e.is_nan()) {
                assert_near(name, found.unwrap(), expected);
            }
        }
    }
}

#[test]
fn residuals_out_of_their_block_equal_numpy() {
    let dataset = dataset(panel(0, DAYS), None);
    for (fold, golden) in dataset.plan.folds.iter().zip(list(&values()["folds"])) {
        for (name, golden) in golden["models"].as_object().unwrap() {
            let fit = VolatilityFit::new(&dataset, &options(name));
            let found = fit.out_of_block(&dataset, fold).unwrap();
            assert!(found.is_corrected);
            let left: Vec<f64> = (found.rows.iter().zip(&found.forecasts))
                .map(|(&(row, coin), forecast)| dataset.targets.value(row, coin) - forecast)
                .collect();
            assert_eq!(left.len(), whole(golden, "residuals"), "{name}");
            for (power, expected) in [1.0, 2.0].into_iter().zip(floats(&golden["mean_exp"])) {
                let sum: f64 = left.iter().map(|e| (power * e).exp()).sum();
                assert_near(name, sum / left.len() as f64, expected);
            }
        }
    }
}

/// The fits are as likely as those of arch, and forecast as these do.
#[test]
fn garch_equals_arch() {
    let dataset = dataset(panel(0, DAYS), None);
    let golden = values();
    let offsets: Vec<usize> = integers(&golden["forecast_rows"]);
    let mut compared = 0;
    for (place, golden) in list(&golden["folds"]).iter().enumerate() {
        let first = dataset.plan.folds[place].score.start;
        let loaded = loaded(&dataset, "garch", place);
        for (offset, golden) in offsets.iter().zip(list(&golden["garch"])) {
            let found = loaded.forecast(&dataset.panel, &[first + offset]);
            for (coin, golden) in list(golden)
                .iter()
                .enumerate()
                .filter(|(_, g)| !g.is_null())
            {
                let returns = dataset::log_returns(&dataset.panel, coin, 0..first + 1);
                let known: Vec<f64> = returns
                    .into_iter()
                    .filter(|r| r.is_finite())
                    .map(|r| 100.0 * r)
                    .collect();
                let fit = garch::fit(&known, &garch::Model::default());
                let Ok(fit) = fit else { continue };
                let likely = number(golden, "log_likelihood");
                assert!(
                    fit.log_likelihood > likely - 1e-3,
                    "{} {likely}",
                    fit.log_likelihood
                );
                // Where both are at the same optimum.
                if (fit.log_likelihood - likely).abs() < 1e-3 {
                    let forecast = number(golden, "forecast");
                    let found = found[coin].clone().unwrap();
                    assert!(
                        (found - forecast).abs() < 2e-3,
                        "coin {coin}: {found}, arch {forecast}"
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 20, "{compared}");
}

/// A coin with few returns has the forecast of the exponentially weighted mean, and is counted.
#[test]
fn a_coin_with_few_returns_falls_back() {
    let dataset = dataset(panel(0, DAYS), None);
    let row = dataset.plan.folds[0].score.start + 5;
    let refits = fitted(&dataset, "garch", 0).refits;
    let unfitted = &refits[0].parameters.unfitted;
    assert_eq!(
        unfitted.get("with fewer than 100 returns"),
        Some(&1),
        "{unfitted:?}"
    );
    let found = loaded(&dataset, "garch", 0).forecast(&dataset.panel, &[row]);
    let ewma = loaded(&dataset, "ewma", 0).forecast(&dataset.panel, &[row]);
    assert_eq!(found[4], ewma[4]);
    assert!((0..COINS).any(|coin| found[coin] != ewma[coin]));
}

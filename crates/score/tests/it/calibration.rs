//! Calibration: against numpy (scripts/golden-calibration.py), and what holds whatever comes.

use golden::{assert_close, floats, integers, list, read};
use score::{
    ForecastColumn, Options, ReturnPart, Rows, calibration, calibrations, expected_returns,
};
use serde_json::Value as Json;

fn golden() -> Json {
    read(include_str!("../golden/calibration.json"))
}

/// The rows and the forecasts of the golden market.
fn market(golden: &Json) -> (Rows, Vec<f64>) {
    let bar: Vec<i64> = integers(&golden["bar"]);
    let [start_ms, bar_ms] = ["start_ms", "bar_ms"].map(|key| golden[key].as_i64().unwrap());
    let length = bar.len();
    let rows = Rows {
        quantity: score::Quantity::Return,
        time_ms: bar.iter().map(|bar| start_ms + bar * bar_ms).collect(),
        symbol: integers(&golden["symbol"]),
        fold: integers(&golden["fold"]),
        realized: vec![0.0; length],
        realized_delayed: floats(&golden["realized_delayed"]),
        controls: Vec::new(),
        close: None,
        volatility: vec![f64::NAN; length],
        trailing_volatility: Some(floats(&golden["trailing_volatility"])),
        weight: vec![1.0; length],
        symbols: ["A", "B", "C", "D"].map(str::to_owned).to_vec(),
        bar_ms,
        reach_bars: golden::whole(golden, "reach_bars"),
    };
    (rows, floats(&golden["forecast"]))
}

fn column(forecast: Vec<f64>) -> ForecastColumn {
    ForecastColumn {
        level: None,
        name: "made".to_owned(),
        run: Some("runs/made".to_owned()),
        forecast,
    }
}

#[test]
fn lines_are_those_of_numpy() {
    let golden = golden();
    let (rows, forecast) = market(&golden);
    for (part, name) in [(ReturnPart::Own, "own"), (ReturnPart::Whole, "whole")] {
        let found = calibrations(&rows, &forecast, part);
        assert_eq!(found.len(), 4);
        assert_eq!(
            found[0].pooled, None,
            "nothing is known before the first fold"
        );
        for (found, expected) in found[1..].iter().zip(list(&golden["parts"][name])) {
            let label = format!("{name} before {:?}", found.fold);
            let pooled = found.pooled.unwrap();
            let values = [
                pooled.slope,
                pooled.intercept,
                pooled.slope_error,
                pooled.intercept_error,
            ];
            for (found, expected) in values.into_iter().zip(floats(&expected["pooled"])) {
                assert_close(&label, Some(found), expected);
            }
            let spreads = [found.slope_spread, found.intercept_spread];
            for (found, expected) in spreads.into_iter().zip(floats(&expected["spread"])) {
                assert_close(&label, Some(found), expected);
            }
            let coins = list(&expected["own"]).iter().zip(list(&expected["shrunk"]));
            for (found, (own, shrunk)) in found.coins.iter().zip(coins) {
                let line = found.own.map(|own| {
                    [
                        own.slope,
                        own.intercept,
                        own.slope_error,
                        own.intercept_error,
                    ]
                });
                assert_eq!(line.is_some(), !own.is_null(), "{label}");
                for (found, expected) in line.into_iter().flatten().zip(floats(own)) {
                    assert_close(&label, Some(found), expected);
                }
                let line = found.shrunk.unwrap();
                let shrunk = floats(shrunk);
                assert_close(&label, Some(line.slope), shrunk[0]);
                assert_close(&label, Some(line.intercept), shrunk[1]);
            }
        }
    }
}

/// What is realized in a fold, or reaches into it, changes nothing that is expected in it.
#[test]
fn nothing_of_a_fold_changes_what_is_expected_in_it() {
    let (rows, forecast) = market(&golden());
    let start_ms = rows.time_ms[rows.fold.partition_point(|fold| *fold < 3)];
    let mut later = rows.clone();
    for row in 0..later.len() {
        let known_ms = later.time_ms[row] + 4 * later.bar_ms;
        if known_ms > start_ms {
            later.realized_delayed[row] += 0.5;
        }
    }
    for part in ReturnPart::ALL {
        let expected = |rows: &Rows| {
            let before = calibrations(rows, &forecast, part);
            expected_returns(rows, &forecast, part, &before)
        };
        let (found, changed) = (expected(&rows), expected(&later));
        for row in 0..rows.len() {
            assert_eq!(found[row].is_nan(), rows.fold[row] == 1, "{row}");
            assert_eq!(found[row].to_bits(), changed[row].to_bits(), "{row}");
        }
        let after = |rows: &Rows| calibrations(rows, &forecast, part)[3].clone();
        assert_ne!(after(&rows), after(&later));
    }
}

/// Expectations of a planted relation come true: slope 1, and each bin's interval holds what was
/// expected.
#[test]
fn what_is_expected_of_a_planted_relation_comes() {
    let (mut rows, forecast) = market(&golden());
    let noise = |row: usize| ((row * row * 7919 + row * 104_729) % 10_007) as f64 / 10_007.0 - 0.5;
    // The last coin has too few days before fold 2 for a line of its own, so that it has the mean one.
    let planted = [0.2, 0.6, 1.0, 0.6];
    for row in 0..rows.len() {
        let slope = planted[rows.symbol[row] as usize];
        rows.realized_delayed[row] = slope * forecast[row] + 0.002 * noise(row);
    }
    let report = calibration(&rows, &[column(forecast)], &Options::default()).unwrap();
    let whole = &report.scores[1];
    assert_eq!(
        (whole.part, report.folds.as_slice()),
        (ReturnPart::Whole, &[1, 2, 3][..])
    );
    let line = whole.realized_on_expected.unwrap();
    assert!((line.slope - 1.0).abs() < 0.05, "{line:?}");
    assert!(line.intercept.abs() < 1e-4, "{line:?}");
    for (coin, slope) in whole.by_coin.iter().zip(planted) {
        let own = coin.realized_on_forecast.unwrap();
        assert!((own.slope - slope).abs() < 0.05, "{own:?}");
        assert!(own.slope_interval.is_some());
        assert_eq!(coin.bins.len(), 5);
    }
    assert_eq!(whole.bins.len(), 10);
    let later = rows.fold.iter().filter(|fold| **fold > 1).count();
    assert_eq!(whole.bins.iter().map(|bin| bin.count).sum::<usize>(), later);
    for bin in &whole.bins {
        let [low, high] = bin.interval.unwrap();
        assert!(low < bin.realized && bin.realized < high, "{bin:?}");
        assert!((bin.expected - bin.realized).abs() < 4e-4, "{bin:?}");
    }
}

/// Forecasts that were wrong so far are traded as nothing, not against themselves.
#[test]
fn a_slope_is_not_traded_below_zero() {
    let (rows, mut forecast) = market(&golden());
    let right = calibrations(&rows, &forecast, ReturnPart::Own)[3].clone();
    assert!(right.slope(0).unwrap() > 0.0);
    forecast.iter_mut().for_each(|forecast| *forecast *= -1.0);
    let wrong = calibrations(&rows, &forecast, ReturnPart::Own);
    assert_eq!(wrong[0].slope(0), None);
    assert_eq!(wrong[3].slope(0), Some(0.0));
    assert!(wrong[3].coins[0].shrunk.unwrap().slope < 0.0);
}

//! Golden numbers of scipy, empyrical, arch and a second writing of the search in numpy, made by
//! scripts/golden-thresholds.py.

use golden::{assert_close, floats, integers, number, read, whole};
use rules::{Costs, DeflateBy, TradeStatistics, TuneOptions, Tuning, TuningProtocol, tune};
use score::{ForecastColumn, Options, Rows};
use serde_json::Value;
use statistics::expected_maximum_sharpe;

fn golden() -> Value {
    read(include_str!("../golden/thresholds.json"))
}

fn panel(tuning: &Value) -> (Rows, ForecastColumn) {
    let (settings, columns) = (&tuning["settings"], &tuning["rows"]);
    let bar_ms = whole(settings, "bar_ms") as i64;
    let times: Vec<i64> = integers(&columns["time"]);
    let time_ms: Vec<i64> = times.iter().map(|time| time * bar_ms).collect();
    let length = time_ms.len();
    let rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms,
        symbol: integers(&columns["symbol"]),
        fold: vec![1; length],
        realized: floats(&columns["realized"]),
        realized_delayed: floats(&columns["realized_delayed"]),
        controls: Vec::new(),
        trailing_volatility: None,
        volatility: vec![f64::NAN; length],
        weight: vec![1.0; length],
        symbols: ["A", "B", "C"].map(str::to_owned).to_vec(),
        bar_ms,
        reach_bars: whole(settings, "hold"),
    };
    (
        rows,
        ForecastColumn {
            level: None,
            name: "network".to_owned(),
            run: Some("run".to_owned()),
            forecast: floats(&columns["forecast"]),
        },
    )
}

fn options(settings: &Value) -> TuneOptions {
    TuneOptions {
        costs: Costs {
            fee_bps: number(settings, "fee_bps"),
            slippage_bps: number(settings, "slippage_bps"),
        },
        thresholds: whole(settings, "levels"),
        tune_share: number(settings, "tune_share"),
        min_trades: whole(settings, "min_trades"),
        bootstrap: Options {
            draws: whole(settings, "draws"),
            floor_ms: (whole(settings, "floor_bars") * whole(settings, "bar_ms")) as i64,
            ..Options::default()
        },
        ..TuneOptions::default()
    }
}

fn assert_figures(name: &str, found: &TradeStatistics, expected: &Value, sequence: bool) {
    assert_eq!(found.trades, whole(expected, "trades"), "{name}");
    assert_close(name, Some(found.total), number(expected, "total"));
    if found.trades < 2 {
        return;
    }
    assert_close(name, found.mean, number(expected, "mean"));
    assert_close(name, found.sharpe, number(expected, "sharpe"));
    if sequence {
        assert_close(name, found.t, number(expected, "t"));
        assert_close(name, found.max_drawdown, number(expected, "max_drawdown"));
    }
}

/// Candidates in the order of coin, side, threshold; intervals within the noise of the draws, as in
/// the golden numbers of scores.
fn assert_candidates(found: &Tuning, expected: &Value, sequence: bool) {
    let bar_ms = found.bar_ms;
    let span = |key: &str| {
        floats(&expected[key])
            .into_iter()
            .map(|time| time as i64 * bar_ms)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (found.tuned_ms.to_vec(), found.judged_ms.to_vec()),
        (span("tuned"), span("judged"))
    );
    let candidates: Vec<_> = found
        .coins
        .iter()
        .flat_map(|coin| coin.sides.iter().flat_map(|side| &side.candidates))
        .collect();
    let expected = expected["candidates"].as_array().unwrap();
    assert_eq!(
        (candidates.len(), found.deflation.trials),
        (expected.len(), expected.len())
    );
    for (found, expected) in candidates.into_iter().zip(expected) {
        let name = format!(
            "{} {} {}",
            expected["coin"], expected["side"], expected["threshold"]
        );
        assert_close(&name, Some(found.threshold), number(expected, "threshold"));
        assert_figures(&name, &found.tuned, expected, sequence);
        if !sequence || expected["deflated"].is_null() {
            assert_eq!(found.tuned.deflated_sharpe, None);
            continue;
        }
        assert_close(
            &name,
            found.tuned.deflated_sharpe,
            number(expected, "deflated"),
        );
        assert_close(
            &name,
            found.tuned.deflated_by_chance,
            number(expected, "by_chance"),
        );
        let interval = &expected["interval"];
        match found.tuned.interval {
            Some([low, high]) => {
                let tolerance = 0.16 * number(interval, "std");
                for (found, end) in [(low, "low"), (high, "high")] {
                    let expected = number(interval, end);
                    assert!(
                        (found - expected).abs() < tolerance,
                        "{name} {end}: {found}, expected {expected}"
                    );
                }
            }
            // Too few blocks for an interval here.
            None => assert!(whole(interval, "block") * 5 > found.tuned.trades, "{name}"),
        }
    }
}

fn taken(tuning: &Tuning) -> Vec<(u64, String, f64)> {
    let sides = tuning
        .coins
        .iter()
        .zip(0..)
        .flat_map(|(coin, place)| coin.sides.iter().map(move |side| (place, side)));
    sides
        .filter_map(|(place, side)| Some((place, side.side.name().to_owned(), side.threshold?)))
        .collect()
}

fn assert_taken(found: &Tuning, expected: &Value) {
    let found = taken(found);
    let expected = expected.as_array().unwrap();
    assert_eq!(
        found.len(),
        expected.len(),
        "{found:?}, expected {expected:?}"
    );
    for ((coin, side, threshold), expected) in found.iter().zip(expected) {
        assert_eq!(
            (*coin, side.as_str()),
            (expected[0].as_u64().unwrap(), expected[1].as_str().unwrap())
        );
        assert_close("threshold", Some(*threshold), expected[2].as_f64().unwrap());
    }
}

#[test]
fn candidates_equal_those_of_numpy() {
    let golden = &golden()["tuning"];
    let (rows, forecaster) = panel(golden);
    for (key, entry_delay_bars) in [("honest", 0), ("delayed", 1)] {
        let expected = &golden[key];
        let options = TuneOptions {
            entry_delay_bars,
            ..options(&golden["settings"])
        };
        let found = tune(&rows, &forecaster, &options).unwrap();
        assert_candidates(&found, expected, true);
        assert_eq!(found.deflation.counted, whole(expected, "counted"));
        assert_close(
            "variance",
            found.deflation.variance,
            number(expected, "variance"),
        );
        let maximum = expected_maximum_sharpe(found.deflation.trials, number(expected, "variance"));
        assert_close(
            "expected_maximum",
            found.deflation.expected_maximum,
            maximum,
        );
    }
}

#[test]
fn judged_trades_equal_those_of_numpy() {
    let golden = &golden()["tuning"];
    let (rows, forecaster) = panel(golden);
    for (key, entry_delay_bars) in [("honest", 0), ("delayed", 1)] {
        let expected = &golden[key]["judged_by_chance"];
        let options = TuneOptions {
            entry_delay_bars,
            deflate_by: DeflateBy::Chance,
            ..options(&golden["settings"])
        };
        let found = tune(&rows, &forecaster, &options).unwrap();
        assert_taken(&found, &golden[key]["taken_by_chance"]);
        let sides: Vec<_> = found
            .coins
            .iter()
            .flat_map(|coin| &coin.sides)
            .filter_map(|side| side.judged.as_ref())
            .collect();
        let expected_sides = expected["sides"].as_array().unwrap();
        assert_eq!(sides.len(), expected_sides.len());
        for (side, expected) in sides.into_iter().zip(expected_sides) {
            assert_figures(key, side, &expected[2], true);
        }
        let portfolio = found.portfolio.unwrap();
        assert_eq!(
            (portfolio.coins, portfolio.days),
            (whole(expected, "coins"), whole(expected, "days"))
        );
        assert_eq!(portfolio.trades.trades, whole(expected, "trades"));
        assert_close("mean", portfolio.trades.mean, number(expected, "mean"));
        assert_close("total", Some(portfolio.total), number(expected, "total"));
        assert_close("sharpe", portfolio.sharpe, number(expected, "sharpe"));
        assert_close(
            "max_drawdown",
            portfolio.max_drawdown,
            number(expected, "max_drawdown"),
        );
    }
}

#[test]
fn the_seed_protocol_equals_that_of_numpy() {
    let golden = &golden()["tuning"];
    let (rows, forecaster) = panel(golden);
    let options = TuneOptions {
        protocol: TuningProtocol::Seed,
        ..options(&golden["settings"])
    };
    let found = tune(&rows, &forecaster, &options).unwrap();
    assert_candidates(&found, &golden["seed"], false);
    assert_taken(&found, &golden["seed"]["taken"]);
}

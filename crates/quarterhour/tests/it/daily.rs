//! `configs/daily.toml` from candles of days to a hybrid, and what bad candles get.

use std::path::{Path, PathBuf};
use std::process::Output;

use dataset::{CandleTable, Column, ForecastTable, Store};
use market::{Interval, Market, Symbol};

use crate::quarterhour;

const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 300;

/// A store of daily candles: two coins of 300 days, one with a hole, and one of 35 days.
pub fn store(dir: &Path) {
    let day: Interval = "1d".parse().unwrap();
    let store = Store::new(&dir.join("data"), Market::Spot, day);
    let has_candle = |name: &str, row: i64| match name {
        "HOLEUSDT" => row % 140 != 100,
        "SHORTUSDT" => row >= DAYS - 35,
        _ => true,
    };
    for (coin, name) in ["AUSDT", "BUSDT", "HOLEUSDT", "SHORTUSDT"]
        .into_iter()
        .enumerate()
    {
        let mut candles = CandleTable::default();
        for row in (0..DAYS).filter(|row| has_candle(name, *row)) {
            let wave = |row: i64| ((row * row * 7919 + row * (31 + coin as i64)) % 97) as f64;
            let (open, close) = (100.0 + wave(row), 100.0 + wave(row + 1));
            let mut values = [f64::NAN; Column::ALL.len()];
            values[..4].copy_from_slice(&[
                open,
                open.max(close) + 1.0,
                open.min(close) - 1.0,
                close,
            ]);
            values[Column::Volume as usize] = 1000.0 + wave(row);
            candles.push_row(row * DAY_MS, values);
        }
        let symbol = Symbol::new(name).unwrap();
        store.append(&symbol, &candles, true).unwrap();
    }
}

/// The command on `configs/daily.toml`, made small.
fn daily(dir: &Path, command: &str, run: &str, sets: &[&str]) -> Output {
    let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/daily.toml");
    let small = [
        "features.groups=[\"returns\"]",
        "features.lookback_bars=10",
        "split.history_bars=50",
        "split.train=60d",
        "split.folds=2",
        "network.stem_width=4",
        "network.lstm.width=4",
        "network.gru.width=4",
        "training.steps=2",
    ];
    let sets = small.iter().chain(sets).flat_map(|set| ["--set", set]);
    quarterhour(command)
        .current_dir(dir)
        .arg("--config")
        .arg(config)
        .args(sets)
        .args(["--device", "flex", "--run", run])
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn quarterhour_in(dir: &Path, arguments: &[&str]) -> Output {
    let (command, arguments) = arguments.split_first().unwrap();
    quarterhour(command)
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap()
}

/// One network with an output a horizon, and an ensemble of two with weights for each.
#[test]
fn days_are_forecast_scored_and_combined_at_every_horizon() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path());
    let lstm = daily(dir.path(), "train", "lstm", &["network.encoder=lstm"]);
    said(&lstm);
    let notes = stderr(&lstm);
    assert!(
        notes.contains("1 of 4 coins are never forecast") && notes.contains("SHORTUSDT"),
        "{notes}"
    );
    said(&daily(dir.path(), "train", "gru", &["network.encoder=gru"]));
    let table = ForecastTable::read(&dir.path().join("lstm/forecasts.parquet")).unwrap();
    let horizons = table
        .parts()
        .iter()
        .map(|part| part.key.horizon.to_string());
    assert_eq!(horizons.collect::<Vec<_>>(), ["1d", "3d", "7d", "14d"]);
    for part in table.parts() {
        let close = part.close.as_ref().unwrap();
        assert!(close.iter().all(|close| (100.0..200.0).contains(close)));
        assert!(
            part.controls.contains_key("drift_60d") && part.controls.contains_key("seasonal_7d")
        );
    }

    said(&quarterhour_in(
        dir.path(),
        &["ensemble", "--run", "hybrid", "lstm", "gru"],
    ));
    let hybrid = ForecastTable::read(&dir.path().join("hybrid/forecasts.parquet")).unwrap();
    assert_eq!(hybrid.len(), table.len());
    for (horizon, days) in [("1d", 1), ("14d", 14)] {
        let (saved, _) =
            ensemble::SavedWeights::read(&dir.path().join(format!("hybrid/horizon-{horizon}")))
                .unwrap();
        assert_eq!(saved.members, ["../../lstm", "../../gru"]);
        // What the second fold knows are the 30 days of the first, less those whose targets reach
        // into it, in events as long as the targets.
        assert_eq!(saved.folds[1].events, (30 - days) as f64 / days as f64);
    }
    for horizon in ["1d", "14d"] {
        let from = [
            "--source",
            "store",
            "--fallback",
            "refuse",
            "--device",
            "flex",
        ];
        let arguments = [
            &["predict", "--run", "hybrid", "--horizon", horizon][..],
            &from,
        ]
        .concat();
        let output = quarterhour_in(dir.path(), &arguments);
        let text = said(&output);
        assert!(text.contains("AUSDT"), "{text}");
    }

    // Its members are registered with it.
    let named = [
        "--name",
        "days",
        "--version",
        "1.0.0",
        "--registry",
        "registry.sqlite",
    ];
    let arguments = [&["models", "add", "hybrid"][..], &named].concat();
    said(&quarterhour_in(dir.path(), &arguments));

    let arguments = ["evaluate", "hybrid", "lstm", "--horizon", "7d", "--json"];
    let report: serde_json::Value =
        serde_json::from_str(&said(&quarterhour_in(dir.path(), &arguments))).unwrap();
    let forecasters = report["forecasters"].as_array().unwrap();
    let zero = forecasters
        .iter()
        .find(|score| score["name"] == "zero")
        .unwrap();
    assert_eq!(zero["skill"], 0.0);
    assert!(forecasters[0]["mape"].as_f64().unwrap() > 0.0);
    let text = said(&quarterhour_in(
        dir.path(),
        &["evaluate", "hybrid", "--horizon", "7d"],
    ));
    assert!(text.contains("Scores of prices"), "{text}");
}

/// A horizon with nothing to score is refused before anything is trained; a fold without is named.
#[test]
fn a_horizon_longer_than_what_is_left_is_found_before_training() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path());
    let sets = ["target.horizons=[\"1d\", \"40d\"]", "split.folds=1"];
    let refused = daily(dir.path(), "train", "long", &sets);
    let text = stderr(&refused);
    assert!(
        !refused.status.success() && text.contains("horizon 40d: no row of any fold has a target"),
        "{text}"
    );
    assert!(!dir.path().join("long/fold-1").exists());
    let sets = ["target.horizons=[\"1d\", \"40d\"]", "split.folds=2"];
    let noted = daily(dir.path(), "train", "longer", &sets);
    said(&noted);
    let text = stderr(&noted);
    assert!(
        text.contains("horizon 40d: 1 of 2 folds have no row to score: 2"),
        "{text}"
    );
}

/// One coin is a panel, and a model of one coin forecasts another.
#[test]
fn one_coin_is_enough() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path());
    let alone = daily(
        dir.path(),
        "train",
        "one",
        &["universe.symbols=[\"AUSDT\"]"],
    );
    assert!(said(&alone).contains("1 coin,"));
    let sets = [
        "universe.trained=[\"AUSDT\"]",
        "universe.scored=[\"BUSDT\"]",
    ];
    said(&daily(dir.path(), "train", "other", &sets));
    let table = ForecastTable::read(&dir.path().join("other/forecasts.parquet")).unwrap();
    let mut symbols = table.rows().map(|row| row.symbol.as_str());
    assert!(symbols.all(|symbol| symbol == "BUSDT"));
}

/// Where the universe is all of the store, a coin that had no candles then is left out by name.
#[test]
fn a_coin_without_candles_in_the_range_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path());
    // 250 days: before the fourth coin's first.
    let early = daily(dir.path(), "train", "early", &["data.until=1970-09-08"]);
    said(&early);
    let text = stderr(&early);
    assert!(
        text.contains("1 of 4 coins are left out") && text.contains("SHORTUSDT"),
        "{text}"
    );
}

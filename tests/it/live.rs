//! What `predict` says is what the offline table says, bit for bit.

use std::path::Path;

use baseline::TreeKind;
use clap::Parser;
use dataset::ForecastTable;
use market::{Interval, Market};
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};
use replay::{Exchange, ReplayConfig};

const MINUTE: i64 = 60_000;

/// Trains on a store, then forecasts past minutes from the store and from an exchange that serves
/// the same candles.
#[test]
fn live_equals_offline() {
    network_live_equals_offline(&[]);
}

#[test]
fn live_equals_offline_with_every_other_encoder() {
    network_live_equals_offline(&["network.encoder=lstm", "network.lstm.bidirectional=true"]);
    network_live_equals_offline(&["network.encoder=gru", "network.gru.layers=2"]);
    network_live_equals_offline(&["network.encoder=tcn", "network.stem_width=0"]);
}

fn network_live_equals_offline(changes: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = tests::tiny();
    let coins = tests::candles(&config);
    tests::store(&dir.path().join("data"), &mut config, &coins);
    let run = train_tiny(
        dir.path(),
        &[&["training.seeds=2", "training.steps=8"], changes].concat(),
    );
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    assert!(table.len() > 1000);

    let step = table.len() / 12;
    for row in table.rows().step_by(step) {
        let at_ms = row.time_ms;
        let overrides = [format!("data.dir={}", dir.path().join("data").display())];
        let checkpoint = crate::load(
            &run,
            Some(row.fold as usize),
            &overrides,
            DeviceChoice::Flex,
        )
        .unwrap();
        let from_store =
            History::read(CandleSource::Store, &checkpoint, Some(at_ms), None).unwrap();
        let offline = |symbol: &str| {
            table
                .rows()
                .find(|other| other.time_ms == at_ms && other.symbol.as_str() == symbol)
                .map(|row| row.forecast)
        };
        let forecasts = forecast_at(&checkpoint, &from_store).unwrap();
        for coin in &forecasts.coins {
            if let Some(expected) = offline(&coin.symbol) {
                assert_eq!(
                    coin.forecast.map(f64::to_bits),
                    Some(expected.to_bits()),
                    "{} at {at_ms}",
                    coin.symbol
                );
            }
        }

        // The exchange also serves the candle that is forming, with a price that is not its close.
        let start = (at_ms + MINUTE + 30_000).to_string();
        let still = ReplayConfig {
            start: Some(start),
            speed: 0.0,
            ..ReplayConfig::default()
        };
        let exchange =
            Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins.clone(), &still).unwrap();
        let fetched = History::read(
            CandleSource::Binance,
            &checkpoint,
            None,
            Some(&exchange.url()),
        )
        .unwrap();
        assert_eq!(
            fetched.at_ms, at_ms,
            "a candle that is still forming never enters"
        );
        assert_eq!(forecast_at(&checkpoint, &fetched).unwrap(), forecasts);
    }
}

/// The same of LightGBM: its model read from the run, on the rows around t alone.
#[test]
fn live_equals_offline_for_lightgbm() {
    trees_live_equal_offline(TreeKind::LightGbm, "whole");
}

/// And of trees of the coins' own parts and of the market's, which take means over the coins that
/// are forecast at t.
#[test]
fn live_equals_offline_for_parts_of_lightgbm() {
    trees_live_equal_offline(TreeKind::LightGbm, "parts");
}

/// And of XGBoost.
#[test]
fn live_equals_offline_for_xgboost() {
    trees_live_equal_offline(TreeKind::XgBoost, "whole");
    trees_live_equal_offline(TreeKind::XgBoost, "parts");
}

fn trees_live_equal_offline(kind: TreeKind, fit: &str) {
    let Some(_) = tests::available(baseline::Loaded::open(kind)) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut config = tests::tiny();
    let coins = tests::candles(&config);
    tests::store(&dir.path().join("data"), &mut config, &coins);
    let (file, run, data) = (
        dir.path().join("tiny.toml"),
        dir.path().join("run"),
        dir.path().join("data"),
    );
    std::fs::write(&file, tests::TINY).unwrap();
    let mut arguments = vec![
        "baseline".to_owned(),
        "--config".to_owned(),
        file.display().to_string(),
    ];
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    let dir_key = format!("data.dir={}", data.display());
    let fit_key = format!("target.fit={fit}");
    let kind_key = format!("baseline.trees={}", kind.name());
    for key in [
        "data.source=store",
        &dir_key,
        &fit_key,
        &kind_key,
        "xgboost.rounds=30",
        "xgboost.min_child_weight=20",
        "xgboost.lookbacks=[10, 90]",
        "lightgbm.rounds=30",
        "lightgbm.min_data_in_leaf=20",
        "lightgbm.lookbacks=[10, 90]",
    ] {
        arguments.extend(["--set".to_owned(), key.to_owned()]);
    }
    baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();

    for row in table.rows().step_by(table.len() / 40) {
        let checkpoint = crate::load(
            &run,
            Some(row.fold as usize),
            std::slice::from_ref(&dir_key),
            DeviceChoice::Flex,
        )
        .unwrap();
        let history =
            History::read(CandleSource::Store, &checkpoint, Some(row.time_ms), None).unwrap();
        let forecasts = forecast_at(&checkpoint, &history).unwrap();
        assert_eq!(forecasts.fold, row.fold as usize);
        let live = forecasts
            .coins
            .iter()
            .find(|coin| coin.symbol == row.symbol.as_str())
            .unwrap();
        assert_eq!(
            live.forecast.map(f64::to_bits),
            Some(row.forecast.to_bits()),
            "{} at {}",
            row.symbol,
            row.time_ms
        );
        let drift = live
            .drift
            .as_ref()
            .expect("the trees' features have statistics");
        assert!(
            drift.std.is_finite() && drift.std.abs() < 100.0,
            "{drift:?}"
        );
    }
    let fewer = [
        dir_key.clone(),
        "universe.symbols=[\"SIM1USDT\", \"SIM2USDT\"]".to_owned(),
    ];
    let refused = crate::load(&run, None, &fewer, DeviceChoice::Flex)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains(
            "was trained on SIM1USDT SIM2USDT SIM3USDT, but the universe is SIM1USDT SIM2USDT"
        ),
        "{refused}"
    );
    let last = crate::load(&run, None, &[dir_key], DeviceChoice::Flex).unwrap();
    let history = History::read(CandleSource::Store, &last, None, None).unwrap();
    assert_eq!(
        forecast_at(&last, &history).unwrap().fold,
        2,
        "the last fold, not the best"
    );
}

/// The same of candles of 5 minutes that are made of a store's minutes, and of indicators that
/// restart at every row.
#[test]
fn live_equals_offline_for_indicators_of_resampled_candles() {
    let Some(_) = tests::available(baseline::Library::open()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut config = tests::tiny();
    config.data.simulated.minutes = 7500;
    let coins = tests::candles(&config);
    tests::store(&dir.path().join("data"), &mut config, &coins);
    let (file, run, data) = (
        dir.path().join("tiny.toml"),
        dir.path().join("run"),
        dir.path().join("data"),
    );
    std::fs::write(&file, tests::TINY).unwrap();
    let mut arguments = vec![
        "baseline".to_owned(),
        "--config".to_owned(),
        file.display().to_string(),
    ];
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    let dir_key = format!("data.dir={}", data.display());
    for key in [
        "data.source=store",
        &dir_key,
        "data.interval=5m",
        "data.resample_from=1m",
        "data.fill_limit=5h",
        "features.set=indicators",
        "features.groups=[\"returns\", \"rsi\", \"stochrsi\", \"natr\"]",
        "features.lookback_bars=1",
        "target.kind=bar",
        "target.horizon=5m",
        "split.scheme=rolling",
        "split.train=75h",
        "split.test=750m",
        "lightgbm.features=row",
        "lightgbm.rounds=20",
        "lightgbm.min_data_in_leaf=20",
    ] {
        arguments.extend(["--set".to_owned(), key.to_owned()]);
    }
    baseline::run(&baseline::Args::parse_from(arguments)).unwrap();
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    for row in table.rows().step_by(table.len() / 40) {
        let checkpoint = crate::load(
            &run,
            Some(row.fold as usize),
            std::slice::from_ref(&dir_key),
            DeviceChoice::Flex,
        )
        .unwrap();
        let history =
            History::read(CandleSource::Store, &checkpoint, Some(row.time_ms), None).unwrap();
        let forecasts = forecast_at(&checkpoint, &history).unwrap();
        let live = forecasts
            .coins
            .iter()
            .find(|coin| coin.symbol == row.symbol.as_str())
            .unwrap();
        assert_eq!(
            live.forecast.map(f64::to_bits),
            Some(row.forecast.to_bits()),
            "{} at {}",
            row.symbol,
            row.time_ms
        );
    }
    let checkpoint = crate::load(&run, None, &[dir_key], DeviceChoice::Flex).unwrap();
    let last = History::read(CandleSource::Store, &checkpoint, None, None).unwrap();
    assert_eq!(last.at_ms % (5 * MINUTE), 0, "the last whole candle");
}

/// A coin whose window has too many holes is refused, with the reason; the others are forecast.
#[test]
fn a_coin_with_holes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = tests::tiny();
    let mut coins = tests::candles(&config);
    tests::store(&dir.path().join("data"), &mut config, &coins);
    let run = train_tiny(dir.path(), &["training.steps=2"]);

    let last_ms = *coins[0].1.open_time_ms.last().unwrap();
    let kept = |time: i64| !(last_ms - 12 * MINUTE..last_ms - 4 * MINUTE).contains(&time);
    coins[0].1 = (0..coins[0].1.len())
        .map(|row| coins[0].1.candle(row))
        .filter(|c| kept(c.open_time_ms))
        .collect();
    let mut holed = config.clone();
    tests::store(&dir.path().join("holed"), &mut holed, &coins);
    let overrides = [format!("data.dir={}", dir.path().join("holed").display())];
    let checkpoint = crate::load(&run, None, &overrides, DeviceChoice::Flex).unwrap();
    let history = History::read(CandleSource::Store, &checkpoint, Some(last_ms), None).unwrap();
    let forecasts = forecast_at(&checkpoint, &history).unwrap();
    assert!(
        forecasts.coins[0]
            .refused
            .as_ref()
            .unwrap()
            .contains("of 32 bars are filled or missing, at most 3")
    );
    assert!(forecasts.coins[0].forecast.is_none());
    assert!(forecasts.coins[1].forecast.is_some());
}

fn train_tiny(dir: &Path, set: &[&str]) -> std::path::PathBuf {
    let (config, run, data) = (
        dir.join("tiny.toml"),
        dir.join("checkpoints/tiny"),
        dir.join("data"),
    );
    std::fs::write(&config, tests::TINY).unwrap();
    let mut arguments: Vec<String> = ["train", "--device", "flex", "--set", "data.source=store"]
        .map(str::to_owned)
        .into();
    arguments.extend(["--config".to_owned(), config.display().to_string()]);
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    arguments.extend(["--set".to_owned(), format!("data.dir={}", data.display())]);
    arguments.extend(
        set.iter()
            .flat_map(|key| ["--set".to_owned(), (*key).to_owned()]),
    );
    let _drawing = crate::drawing();
    train::run(&train::Args::parse_from(arguments)).unwrap();
    run
}

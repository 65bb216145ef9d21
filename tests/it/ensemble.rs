//! What `predict` says of an ensemble is what the offline table says, bit for bit.

use std::path::{Path, PathBuf};

use clap::Parser;
use dataset::ForecastTable;
use model::DeviceChoice;
use predict::{CandleSource, History, forecast_at};

/// Two small networks on different features and windows, in a store of so many minutes of the
/// simulated market.
fn members(dir: &Path, minutes: usize) -> [PathBuf; 2] {
    let mut config = tests::tiny();
    config.data.simulated.minutes = minutes;
    let coins = tests::candles(&config);
    tests::store(&dir.join("data"), &mut config, &coins);
    [
        train_tiny(dir, "first", &["training.seeds=2", "training.steps=8"]),
        train_tiny(
            dir,
            "second",
            &[
                "training.steps=8",
                "features.lookback_bars=64",
                "features.set=kline8",
            ],
        ),
    ]
}

fn train_tiny(dir: &Path, name: &str, set: &[&str]) -> PathBuf {
    let (config, run) = (dir.join("tiny.toml"), dir.join("checkpoints").join(name));
    std::fs::write(&config, tests::TINY).unwrap();
    let data = format!("data.dir={}", dir.join("data").display());
    let mut arguments: Vec<String> = [
        "train",
        "--device",
        "flex",
        "--set",
        "data.source=store",
        "--set",
        &data,
    ]
    .map(str::to_owned)
    .into();
    arguments.extend(["--config".to_owned(), config.display().to_string()]);
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    arguments.extend(
        set.iter()
            .flat_map(|key| ["--set".to_owned(), (*key).to_owned()]),
    );
    let _drawing = crate::drawing();
    train::run(&train::Args::parse_from(arguments)).unwrap();
    run
}

fn ensemble_of(dir: &Path, members: &[PathBuf], set: &[&str]) -> PathBuf {
    let run = dir.join("checkpoints/both");
    let mut arguments = vec![
        "ensemble".to_owned(),
        "--run".to_owned(),
        run.display().to_string(),
    ];
    arguments.extend(
        set.iter()
            .flat_map(|key| ["--set".to_owned(), (*key).to_owned()]),
    );
    arguments.extend(members.iter().map(|member| member.display().to_string()));
    ensemble::run(&ensemble::Args::parse_from(arguments)).unwrap();
    run
}

#[test]
fn live_equals_offline_for_an_ensemble() {
    let dir = tempfile::tempdir().unwrap();
    let members = members(dir.path(), 2500);
    let run = ensemble_of(dir.path(), &members, &["ensemble.prior_events=20"]);
    let (saved, _) = ensemble::SavedWeights::read(&run).unwrap();
    assert_eq!(saved.members, ["../first", "../second"]);
    assert_ne!(
        saved.folds[1].weights,
        ensemble::Weights::equal(2),
        "fold 2 has weights that were fitted"
    );
    live_equals_offline(&run, &members);
}

/// In units of trailing volatility, which a live forecast works out anew, and with a rule as the
/// third member.
#[test]
fn live_equals_offline_for_an_ensemble_by_ic_a_day() {
    let dir = tempfile::tempdir().unwrap();
    // Three parts of six days: weights are of five days at least.
    let members = members(dir.path(), 3 * 6 * 1440);
    let set = [
        "ensemble.method=ic_a_day",
        "ensemble.standard_errors=0",
        "ensemble.rule=negated_deviation_30m",
    ];
    let run = ensemble_of(dir.path(), &members, &set);
    let (saved, _) = ensemble::SavedWeights::read(&run).unwrap();
    assert_eq!(saved.rule.as_deref(), Some("negated_deviation_30m"));
    let alone = ensemble::Weights::first(3);
    assert_eq!(saved.folds[0].weights, alone);
    assert_ne!(saved.folds[1].weights, alone);
    live_equals_offline(&run, &members);
}

fn live_equals_offline(run: &Path, members: &[PathBuf]) {
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    assert!(table.len() > 1000);

    let load = |run: &Path, fold| crate::load(run, fold, &[], DeviceChoice::Flex).unwrap();
    let times: Vec<(u32, i64)> = table.rows().map(|row| (row.fold, row.time_ms)).collect();
    let mut compared = 0;
    for &(fold, at_ms) in times.iter().step_by(times.len() / 24) {
        let checkpoint = load(run, Some(fold as usize));
        let history = History::read(CandleSource::Store, &checkpoint, Some(at_ms), None).unwrap();
        let forecasts = forecast_at(&checkpoint, &history).unwrap();
        assert_eq!(
            (forecasts.fold, forecasts.forecaster),
            (fold as usize, format!("ensemble of fold {fold}"))
        );
        let offline: Vec<_> = table.rows().filter(|row| row.time_ms == at_ms).collect();
        let live: Vec<_> = forecasts
            .coins
            .iter()
            .filter(|coin| coin.forecast.is_some())
            .collect();
        // A coin that is forecast and whose target never came is in no table; the market's part is
        // then of other coins.
        if live.len() != offline.len() {
            continue;
        }
        for (live, offline) in live.iter().zip(offline) {
            assert_eq!(live.symbol, offline.symbol.as_str());
            assert_eq!(
                live.forecast.map(f64::to_bits),
                Some(offline.forecast.to_bits()),
                "{} at {at_ms}",
                live.symbol
            );
            assert!(live.drift.is_some(), "a network's");
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");

    let (last, first) = (load(run, None), load(run, Some(1)));
    assert_ne!(last.label(), first.label());
    assert_eq!(
        last.history_bars(),
        members
            .iter()
            .map(|run| load(run, None).history_bars())
            .max()
            .unwrap()
    );
    let history = History::read(CandleSource::Store, &last, None, None).unwrap();
    assert_eq!(
        forecast_at(&last, &history).unwrap().fold,
        2,
        "the last fold"
    );
}

/// A member that was trained again is no longer what the weights belong to.
#[test]
fn a_member_of_another_fold_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let members = members(dir.path(), 2500);
    let run = ensemble_of(dir.path(), &members, &["ensemble.method=average"]);
    let refused = |fold| crate::load(&run, fold, &[], DeviceChoice::Flex).unwrap_err();
    let error = refused(Some(7)).to_string();
    assert!(
        error.contains("has no weights of fold 7, expected one of 1 2"),
        "{error}"
    );
    for file in ["stats.json", "seed-1/weights.safetensors"] {
        let to = if file == "stats.json" {
            "stats.json"
        } else {
            "model.safetensors"
        };
        std::fs::copy(members[1].join("fold-1").join(file), members[1].join(to)).unwrap();
    }
    let error = refused(None);
    let hints = cli::hints(&error, predict::hint_of).concat();
    assert!(
        error
            .to_string()
            .contains("has the model of fold 1, expected fold 2")
            && hints.contains("--fold 2"),
        "{error}\n{hints}"
    );
}

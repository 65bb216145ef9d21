//! A forecast says whether its model has seen that time, and a model whether it is what was
//! trained.

use std::fs;
use std::path::Path;

use dataset::{Dataset, format_time};
use market::{Interval, Market};
use replay::{Exchange, ReplayConfig};
use serde_json::Value;

use crate::support::{add_folds, into_ensemble, make_older, predict, refused, untrained_run};

const MINUTE: i64 = 60_000;

/// The first time at which each fold's model is out of sample.
fn ends(dataset: &Dataset) -> [i64; 2] {
    let of_fold = |fold: &dataset::Fold| {
        dataset
            .panel
            .time_ms(fold.stop.end + dataset.config.reach_bars())
    };
    [
        of_fold(&dataset.plan.folds[0]),
        of_fold(&dataset.plan.folds[1]),
    ]
}

fn tiny_ends() -> [i64; 2] {
    ends(&Dataset::load(&tests::tiny()).unwrap())
}

fn made(dir: &Path, at_ms: i64, more: &[&str]) -> Value {
    let at = at_ms.to_string();
    serde_json::from_str(&predict(
        dir,
        &[&["--run", "run", "--json", "--at", &at], more].concat(),
    ))
    .unwrap()
}

#[test]
fn a_time_that_the_last_model_has_seen_is_forecast_by_a_fold_that_has_not() {
    let dir = tempfile::tempdir().unwrap();
    add_folds(&untrained_run(dir.path()));
    let [first, last] = tiny_ends();
    for (at_ms, fold) in [
        (first, 1),
        (last - MINUTE, 1),
        (last, 2),
        (last + 60 * MINUTE, 2),
    ] {
        let json = made(dir.path(), at_ms, &[]);
        assert_eq!(
            (&json["fold"], &json["coins"][0]["in_sample"]),
            (&fold.into(), &false.into()),
            "{json}"
        );
    }
    // Whoever asks for a model by name gets that one or none.
    let at = format_time(last - MINUTE);
    let (code, said) = refused(dir.path(), &["--run", "run", "--at", &at, "--fold", "2"]);
    assert_eq!(code, Some(1), "{said}");
    let first = format!("run: {at} UTC is not out of sample: the model of fold 2");
    for part in [first.as_str(), "--fold 1 had not seen it"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(
        said.contains(&format!("to {} UTC", format_time(last))) && said.contains("--in-sample"),
        "{said}"
    );
}

#[test]
fn a_time_that_all_models_have_seen_is_refused_or_marked() {
    let dir = tempfile::tempdir().unwrap();
    add_folds(&untrained_run(dir.path()));
    let [first, _] = tiny_ends();
    // Before everything that was fitted on, too: the weights know what came later.
    for at_ms in [first - MINUTE, first - 300 * MINUTE] {
        let (code, said) = refused(dir.path(), &["--run", "run", "--at", &at_ms.to_string()]);
        assert!(
            code == Some(1) && said.contains("is not out of sample: the model was fitted on"),
            "{said}"
        );
        let json = made(dir.path(), at_ms, &["--in-sample"]);
        assert_eq!(json["fold"], 2, "the model that was asked for");
        assert!(
            json["coins"]
                .as_array()
                .unwrap()
                .iter()
                .all(|coin| coin["in_sample"] == true),
            "{json}"
        );
        let text = predict(
            dir.path(),
            &["--run", "run", "--at", &at_ms.to_string(), "--in-sample"],
        );
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("SIM"))
            .collect();
        assert!(
            rows.len() == 3 && rows.iter().all(|row| row.contains("  in sample")),
            "{text}"
        );
    }
    // What is out of sample is not marked, whoever insists.
    assert_eq!(
        made(dir.path(), tiny_ends()[1], &["--in-sample"])["coins"][0]["in_sample"],
        false
    );
}

/// A run of an older version says nothing of early stopping: only what comes after its candles is
/// out of sample for sure.
#[test]
fn an_older_run_is_believed_only_where_it_can_be() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    make_older(&run.join("model.safetensors"));
    let [_, last] = tiny_ends();
    let (code, said) = refused(dir.path(), &["--run", "run", "--at", &last.to_string()]);
    assert!(
        code == Some(1) && said.contains("was made by an older version, which does not say"),
        "{said}"
    );
    assert_eq!(
        made(dir.path(), last, &["--in-sample"])["coins"][0]["in_sample"],
        true
    );
    // Without early stopping, the statistics' span is the whole of it.
    let config = fs::read_to_string(run.join("run.toml")).unwrap();
    let key = "early_stopping_share = 0.15";
    assert!(config.contains(key));
    fs::write(
        run.join("run.toml"),
        config.replace(key, "early_stopping_share = 0.0"),
    )
    .unwrap();
    assert_eq!(made(dir.path(), last, &[])["coins"][0]["in_sample"], false);
    let dataset = Dataset::load(&tests::tiny()).unwrap();
    let fitted = dataset.panel.time_ms(dataset.plan.folds[1].train.end + 15);
    assert_eq!(made(dir.path(), fitted, &[])["fold"], 2);
    let (_, said) = refused(
        dir.path(),
        &["--run", "run", "--at", &(fitted - MINUTE).to_string()],
    );
    assert!(
        said.contains(&format!("to {} UTC", format_time(fitted))),
        "{said}"
    );
}

/// The latest of members and weights decides.
#[test]
fn an_ensemble_has_seen_what_its_members_and_its_weights_have() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    into_ensemble(&run);
    let [_, last] = tiny_ends();
    let (_, said) = refused(
        dir.path(),
        &["--run", "run", "--at", &(last - MINUTE).to_string()],
    );
    assert!(
        said.contains("is not out of sample") && said.contains(&format_time(last)),
        "{said}"
    );
    assert_eq!(made(dir.path(), last, &[])["coins"][0]["in_sample"], false);
    let weights = run.join("ensemble.json");
    let later = last + 30 * MINUTE;
    let text = fs::read_to_string(&weights).unwrap();
    assert!(text.contains("\"seen_until_ms\": 0"), "{text}");
    fs::write(
        &weights,
        text.replace(
            "\"seen_until_ms\": 0",
            &format!("\"seen_until_ms\": {later}"),
        ),
    )
    .unwrap();
    let (_, said) = refused(dir.path(), &["--run", "run", "--at", &last.to_string()]);
    assert!(
        said.contains(&format!("to {} UTC", format_time(later))),
        "{said}"
    );
}

/// A watch of a replay is no exception.
#[test]
fn a_watch_of_a_seen_time_is_refused_or_marked_row_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let coins = tests::candles(&tests::tiny());
    let start = coins[0].1.open_time_ms[600].to_string();
    let replay = ReplayConfig {
        start: Some(start),
        speed: 300.0,
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap();
    let until = (exchange.now_ms() + 20 * MINUTE).to_string();
    let (rest, socket) = (exchange.url(), exchange.ws_url());
    let common = [
        "--watch",
        "--run",
        "run",
        "--base-url",
        &rest,
        "--websocket-url",
        &socket,
        "--until",
        &until,
    ];
    let set = [
        "--set",
        "watch.clock_speed=300",
        "--set",
        "watch.metrics_port=off",
        "--set",
        "watch.patience_secs=55",
    ];
    let watch = [&common[..], &set].concat();
    let (code, said) = refused(dir.path(), &watch);
    assert!(
        code == Some(1) && said.contains("is not out of sample: the model was fitted on"),
        "{said}"
    );
    predict(dir.path(), &[&watch[..], &["--in-sample"]].concat());
    let ledger = trading::Ledger::read_only(&run.join("ledger.sqlite")).unwrap();
    let forecasts = ledger.forecasts(0).unwrap();
    assert!(!forecasts.is_empty());
    for logged in forecasts {
        assert!(
            logged
                .forecaster
                .starts_with("in sample: network of fold 2 "),
            "{}",
            logged.forecaster
        );
    }
    let text = predict_ledger(dir.path());
    assert!(text.contains("forecasts are in sample"), "{text}");
}

fn predict_ledger(dir: &Path) -> String {
    let command = ["ledger", "--run", "run"];
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_predict"))
        .args(command)
        .current_dir(dir)
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// Thresholds that were tuned on the time make what is traded in sample, whatever the model knows.
#[test]
fn thresholds_that_were_tuned_on_the_time_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let coins = tests::candles(&tests::tiny());
    let (start_ms, first_ms) = (coins[0].1.open_time_ms[2000], coins[0].1.open_time_ms[0]);
    let replay = ReplayConfig {
        start: Some(start_ms.to_string()),
        speed: 300.0,
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap();
    let tuned = [format_time(first_ms), format_time(start_ms + 60 * MINUTE)];
    let costs = "[costs]\nfee_bps = 10.0\nslippage_bps = 1.0\n";
    let text = format!("protocol = \"seed\"\nhold_bars = 15\ntuned = {tuned:?}\n{costs}");
    fs::write(run.join("thresholds.toml"), text).unwrap();
    let (rest, socket) = (exchange.url(), exchange.ws_url());
    let common = [
        "--watch",
        "--run",
        "run",
        "--base-url",
        &rest,
        "--websocket-url",
        &socket,
        "--until",
        "2024-01-02",
    ];
    let (code, said) = refused(
        dir.path(),
        &[&common[..], &["--set", "watch.clock_speed=300"]].concat(),
    );
    assert!(
        code == Some(1) && said.contains("thresholds were tuned on forecasts of"),
        "{said}"
    );
}

/// A finished run's config says what its model was trained with, or nothing is forecast.
#[test]
fn an_edited_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let config = fs::read_to_string(run.join("run.toml")).unwrap();
    for (old, new, says) in [
        (
            "horizon = \"15m\"",
            "horizon = \"60m\"",
            "target.horizon is 1h, but the model was trained with 15m",
        ),
        (
            "lookback_bars = 32",
            "lookback_bars = 40",
            "features.lookback_bars is 40, but the model was trained with 32",
        ),
        (
            "activation = \"relu\"",
            "activation = \"gelu\"",
            "network.activation is \"gelu\", but the model was",
        ),
        (
            "pool = \"mean_last\"",
            "pool = \"last\"",
            "network.pool is \"last\"",
        ),
        (
            "target = \"trailing\"",
            "target = \"coin\"",
            "normalize.target is \"coin\"",
        ),
        (
            "interval = \"1m\"",
            "interval = \"5m\"",
            "data.interval is \"5m\"",
        ),
    ] {
        assert!(config.contains(old), "{old}");
        fs::write(run.join("run.toml"), config.replace(old, new)).unwrap();
        let (code, said) = refused(dir.path(), &["--run", "run"]);
        assert!(code == Some(1) && said.contains(says), "{says}\n{said}");
        let hashes = said
            .split([' ', '\n'])
            .filter(|word| word.len() == 64 || word.len() == 65)
            .count();
        assert!(hashes == 2 && said.contains("hint: put back"), "{said}");
    }
    // Where candles are and how the run was split decides nothing.
    fs::write(
        run.join("run.toml"),
        config
            .replace("folds = 2", "folds = 3")
            .replace("dir = \"data\"", "dir = \"x\""),
    )
    .unwrap();
    predict(dir.path(), &["--run", "run"]);
}

/// Weights that forecast no numbers are refused before they forecast anything.
#[test]
fn weights_of_no_numbers_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let weights = run.join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    for value in [f32::NAN, f32::INFINITY, f32::MAX] {
        let mut damaged = bytes.clone();
        // All of the last tensors, so that whatever they are multiplied with is lost.
        let start = damaged.len() - 64;
        damaged[start..]
            .chunks_exact_mut(4)
            .for_each(|four| four.copy_from_slice(&value.to_le_bytes()));
        fs::write(&weights, damaged).unwrap();
        let (code, said) = refused(dir.path(), &["--run", "run"]);
        assert!(
            code == Some(1) && said.contains("a trial window is forecast as"),
            "{value}: {said}"
        );
    }
}

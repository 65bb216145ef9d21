//! The binary `predict` as a process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::{DeviceChoice, NetworkConfig, save_weights};

/// A run as training leaves it, with weights that were never trained.
fn untrained_run(dir: &Path) -> PathBuf {
    let run = dir.join("run");
    let table: toml::Table = toml::from_str(tests::TINY).unwrap();
    let mut config = tests::tiny();
    let dataset = dataset::Dataset::load(&config).unwrap();
    config = dataset.config.clone();
    let network: NetworkConfig = table["network"].clone().try_into().unwrap();
    let stats = dataset.fit_normalizer(&dataset.features(), &dataset.plan.folds[1], "run").unwrap().to_json();
    let mut resolved: toml::Table = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    resolved.insert("network".to_owned(), toml::Value::try_from(&network).unwrap());
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("run.toml"), toml::to_string(&resolved).unwrap()).unwrap();
    fs::write(run.join("stats.json"), &stats).unwrap();
    let device = DeviceChoice::Flex.open().unwrap().device;
    let network = network.init(3, 8, 32, &device).unwrap();
    let metadata = [("stats_sha256".to_owned(), dataset::content_hash(stats.as_bytes()))].into();
    save_weights(&network, &run.join("model.safetensors"), &metadata).unwrap();
    run
}

fn predict(dir: &Path, arguments: &[&str]) -> String {
    let arguments = [&["--device", "flex"], arguments].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_predict")).args(arguments).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_last_closed_candle_is_forecast() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let text = predict(dir.path(), &["--run", "run"]);
    assert_eq!(text.lines().filter(|line| line.starts_with("SIM")).count(), 3, "{text}");
    let json: serde_json::Value = serde_json::from_str(&predict(dir.path(), &["--run", "run", "--json"])).unwrap();
    assert_eq!(json["coins"].as_array().unwrap().len(), 3);
    assert!(json["coins"][0]["forecast"].is_f64());
    assert_eq!(json["closed_at"].as_i64().unwrap() - json["time"].as_i64().unwrap(), 60_000);
}

#[test]
fn bad_runs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let copy = |name: &str| {
        let copy = dir.path().join(name);
        fs::create_dir(&copy).unwrap();
        for file in ["run.toml", "stats.json", "model.safetensors"] {
            fs::copy(run.join(file), copy.join(file)).unwrap();
        }
        copy
    };
    let mut said = tests::Transcript::new(env!("CARGO_BIN_EXE_predict"), dir.path());
    said.refused("no run", &["--device", "flex", "--run", "nowhere"]);

    let other_stats = copy("other-stats");
    let stats = fs::read_to_string(other_stats.join("stats.json")).unwrap();
    fs::write(other_stats.join("stats.json"), stats.replacen("\"clip\": 10.0", "\"clip\": 9.0", 1)).unwrap();
    let hash = |text: &str| dataset::content_hash(text.as_bytes());
    said.refused("statistics of another run", &["--device", "flex", "--fallback", "refuse", "--run", "other-stats"]);
    said.text = said.text.replace(&hash(&stats), "[HASH]");
    said.text = said.text.replace(&hash(&stats.replacen("\"clip\": 10.0", "\"clip\": 9.0", 1)), "[OTHER HASH]");

    let no_json = copy("no-json");
    fs::write(no_json.join("stats.json"), "{}").unwrap();
    said.refused("no statistics", &["--device", "flex", "--fallback", "refuse", "--run", "no-json"]);

    let truncated = copy("truncated");
    let weights = fs::read(truncated.join("model.safetensors")).unwrap();
    fs::write(truncated.join("model.safetensors"), &weights[..weights.len() / 2]).unwrap();
    said.refused("truncated weights", &["--device", "flex", "--fallback", "refuse", "--run", "truncated"]);

    let unfinished = copy("unfinished");
    fs::remove_file(unfinished.join("model.safetensors")).unwrap();
    said.refused("unfinished run", &["--device", "flex", "--fallback", "refuse", "--run", "unfinished"]);

    let other_network = copy("other-network");
    let config = fs::read_to_string(other_network.join("run.toml")).unwrap();
    fs::write(other_network.join("run.toml"), config.replacen("stem_width = 8", "stem_width = 16", 1)).unwrap();
    said.refused("weights of another network", &["--device", "flex", "--fallback", "refuse", "--run", "other-network"]);

    let universe = "universe.symbols=[\"SIM1USDT\", \"SIM2USDT\"]";
    said.refused("another universe", &["--device", "flex", "--fallback", "refuse", "--run", "run", "--set", universe]);
    said.refused("a key of the run", &["--device", "flex", "--run", "run", "--set", "features.lookback_bars=64"]);
    said.refused("no time", &["--device", "flex", "--run", "run", "--at", "noon"]);
    said.refused("off the grid", &["--device", "flex", "--run", "run", "--at", "2024-01-01T10:00:30"]);
    said.refused("before the first candle", &["--device", "flex", "--run", "run", "--at", "2020-01-01"]);
    said.refused("no such fold", &["--device", "flex", "--fallback", "refuse", "--run", "run", "--fold", "7"]);
    said.refused(
        "no exchange",
        &["--device", "flex", "--run", "run", "--source", "binance", "--base-url", "http://127.0.0.1:9"],
    );
    said.refused("empty store", &["--device", "flex", "--run", "run", "--source", "store"]);
    insta::assert_snapshot!("errors", said.text);
}

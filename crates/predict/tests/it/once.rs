//! One forecast, from the simulated market and from an exchange.

use std::fs;

use market::{Interval, Market};
use model::DeviceChoice;
use predict::Checkpoint;
use replay::{Exchange, ReplayConfig};

use crate::support::{into_ensemble, predict, untrained_run};

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

/// An ensemble's forecasts are sums of its members', by weights of the market's part and of the coins' own.
#[test]
fn an_ensemble_forecasts_with_its_members() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    into_ensemble(&run);
    let made = |run: &str| -> serde_json::Value {
        serde_json::from_str(&predict(dir.path(), &["--run", run, "--json", "--fallback", "refuse"])).unwrap()
    };
    let (both, member) = (made("run"), made("member"));
    assert_eq!(both["forecaster"], "ensemble of fold 2");
    assert!(both["coins"][0]["drift"]["feature"].is_string(), "the network's");
    let forecasts = |json: &serde_json::Value| -> Vec<f64> {
        json["coins"].as_array().unwrap().iter().map(|coin| coin["forecast"].as_f64().unwrap()).collect()
    };
    let member = forecasts(&member);
    let market = member.iter().sum::<f64>() / member.len() as f64;
    for (both, member) in forecasts(&both).into_iter().zip(member) {
        assert!((both - (0.75 * market + 1.25 * (member - market))).abs() < 1e-12);
    }
    // What another fold would take is not there.
    let error = Checkpoint::load(&run, Some(1), &[], DeviceChoice::Flex).unwrap_err().to_string();
    assert!(error.contains("run has no weights of fold 1, expected one of 2\nhint: "), "{error}");
    fs::remove_file(dir.path().join("member/model.safetensors")).unwrap();
    let error = format!("{:#}", Checkpoint::load(&run, None, &[], DeviceChoice::Flex).unwrap_err());
    assert!(error.contains("a member of") && error.contains("member has no model.safetensors yet"), "{error}");
}

/// Callers with `--json` share forecasts for as long as they say; a table is always new.
#[test]
fn forecasts_of_the_exchange_are_reused() {
    let dir = tempfile::tempdir().unwrap();
    untrained_run(dir.path());
    let coins = tests::candles(&tests::tiny());
    let start = format!("{}", coins[0].1.open_time_ms[2000]);
    let replay = ReplayConfig { start, speed: 600.0, ..ReplayConfig::default() };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap();
    let time = |more: &[&str]| {
        let url = exchange.url();
        let arguments = [&["--run", "run", "--source", "binance", "--base-url", &url, "--json"], more].concat();
        let json: serde_json::Value = serde_json::from_str(&predict(dir.path(), &arguments)).unwrap();
        json["time"].as_i64().unwrap()
    };
    let first = time(&[]);
    while exchange.now_ms() < first + 180_000 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(time(&[]), first, "from the cache");
    assert!(time(&["--cache-secs", "0"]) > first, "made anew");
    assert!(time(&["--fold", "7", "--cache-secs", "300"]) > first, "forecasts of another question are not taken");
    fs::write(dir.path().join("run/last-forecasts.json"), "{").unwrap();
    assert!(time(&[]) > first, "a broken cache is none");
}

/// Where the model does not load an indicator rule answers, and says so.
#[test]
fn a_rule_answers_where_no_model_loads() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    fs::remove_file(run.join("model.safetensors")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&predict(dir.path(), &["--run", "run", "--json"])).unwrap();
    assert_eq!(json["forecaster"], "indicator rule, no model");
    assert!(json["coins"][0]["forecast"].is_f64());
    assert!(predict(dir.path(), &["--run", "run"]).contains("by indicator rule, no model"));
}

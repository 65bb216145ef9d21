//! `quarterhour watch` against a pretend exchange: forecasts equal the offline ones, trades are
//! neither lost nor doubled.

mod faults;
mod follow;
mod ledger;
mod pause;
mod record;
mod renamed;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dataset::CandleTable;
use market::{Interval, Market, Symbol};
use replay::{Exchange, Faults, ReplayConfig};
use serde_json::Value;

use crate::support::{into_ensemble, untrained_run};

const MINUTE: i64 = 60_000;

/// Exchange seconds in a second. A busy machine may miss minutes at this speed: what is forecast
/// must be right, and only some of the minutes must be forecast.
const SPEED: f64 = 300.0;

/// A run, a store and an exchange that serves the store.
struct Market3 {
    dir: tempfile::TempDir,
    run: PathBuf,
    exchange: Exchange,
}

impl Market3 {
    fn new(faults: Faults) -> Self {
        Self::with_speed(faults, SPEED)
    }

    fn with_speed(faults: Faults, speed: f64) -> Self {
        Self::with_coins(faults, speed, |_| {})
    }

    /// A market whose coins are changed before anybody sees them.
    fn with_coins(
        faults: Faults,
        speed: f64,
        change: impl FnOnce(&mut Vec<(Symbol, CandleTable)>),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let run = untrained_run(dir.path());
        let mut config = tests::tiny();
        let mut coins = tests::candles(&config);
        change(&mut coins);
        tests::store(&dir.path().join("data"), &mut config, &coins);
        let start = coins[1].1.open_time_ms[2000].to_string();
        let replay = ReplayConfig {
            start: Some(start),
            speed,
            faults,
            ..ReplayConfig::default()
        };
        let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &replay).unwrap();
        let coins: String = (1..=3)
            .map(|coin| format!("[coins.SIM{coin}USDT]\nbuy = 1e-9\nsell = -1e-9\n"))
            .collect();
        let costs = "[costs]\nfee_bps = 10.0\nslippage_bps = 1.0\n";
        let thresholds =
            format!("protocol = \"seed\"\nhold_bars = 15\ntuned = [\"\", \"\"]\n{costs}{coins}");
        fs::write(run.join("thresholds.toml"), thresholds).unwrap();
        Self { dir, run, exchange }
    }

    /// Starts a watch that ends in `minutes` of the exchange's.
    fn watch(&self, minutes: i64, more: &[&str]) -> Child {
        self.watch_run("run", minutes, more)
    }

    /// The same of a run by its folder, or of a registered model.
    fn watch_run(&self, run: &str, minutes: i64, more: &[&str]) -> Child {
        let until = (self.exchange.now_ms() + minutes * MINUTE).to_string();
        let speed = format!("watch.clock_speed={SPEED}");
        let common = [
            "--watch", "--run", run, "--device", "flex", "--until", &until, "--set", &speed,
        ];
        Command::new(env!("CARGO_BIN_EXE_predict"))
            .args(common)
            .args([
                "--set",
                "trading.act_within_secs=1000",
                "--set",
                "watch.patience_secs=55",
            ])
            .args([
                "--base-url",
                &self.exchange.url(),
                "--websocket-url",
                &self.exchange.ws_url(),
            ])
            .args(more)
            .current_dir(self.dir.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What `quarterhour ledger --verify store` finds.
    fn verdict(&self) -> (bool, Value) {
        self.verdict_by("store", &[])
    }

    /// The same by candles of the store or of the ledger.
    fn verdict_by(&self, candles: &str, more: &[&str]) -> (bool, Value) {
        let arguments = [
            "ledger", "--run", "run", "--device", "flex", "--json", "--verify", candles,
        ];
        let store = format!("data.dir={}", self.dir.path().join("data").display());
        let output = Command::new(env!("CARGO_BIN_EXE_predict"))
            .args(arguments)
            .args(["--set", &store, "--set", "trading.act_within_secs=1000"])
            .args(more)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.success(), json)
    }
}

fn no_metrics() -> [&'static str; 2] {
    ["--set", "watch.metrics_port=off"]
}

fn finished(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

fn count(verdict: &Value, key: &str) -> i64 {
    verdict["verdict"][key].as_i64().unwrap()
}

#[test]
fn every_minute_is_forecast_and_traded_on_as_the_store_says() {
    let market = Market3::new(Faults::default());
    let said = finished(market.watch(40, &no_metrics()));
    assert!(said.contains("listening by websocket"), "{said}");
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}");
    assert!(count(&verdict, "minutes") >= 10, "{verdict}\n{said}");
    assert!(count(&verdict, "trades") >= 3, "{verdict}");
    assert!(count(&verdict, "settled") >= 3, "{verdict}");
    let log = fs::read_to_string(market.run.join("ledger.jsonl")).unwrap();
    let line: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&line["message"], &line["coins"]),
        (&Value::from("watching"), &Value::from(3))
    );
}

/// Wait or trade now, by the same function as offline, whatever is killed on the way.
#[test]
fn orders_are_timed_as_offline_and_survive_a_kill() {
    let market = Market3::new(Faults::default());
    let orders = [
        "--buy",
        "SIM1USDT,SIM2USDT",
        "--sell",
        "SIM1USDT",
        "--within",
        "20m",
    ];
    let asked = [&no_metrics()[..], &orders].concat();
    let mut child = market.watch(1000, &asked);
    let log = market.run.join("ledger.jsonl");
    while !fs::read_to_string(&log).is_ok_and(|log| log.contains("\"message\":\"order\"")) {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let said = finished(market.watch(40, &asked));
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}\n{said}");
    let checked = &verdict["verdict"]["orders"];
    assert!(
        checked["decisions"].as_i64().unwrap() >= 3,
        "{verdict}\n{said}"
    );
    let ledger = trading::Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
    let steps = ledger.order_steps().unwrap();
    let forecasts = ledger.forecasts(0).unwrap();
    for steps in trading::by_order(&steps) {
        // Offline: the same forecasts, by the rule itself.
        let (order, mut left) = (&steps[0].order, 1.0);
        for step in steps {
            let minute = forecasts
                .iter()
                .filter(|logged| logged.time_ms == step.time_ms);
            let (coins, known): (Vec<_>, Vec<_>) = minute
                .map(|logged| (&logged.symbol, logged.forecast))
                .unzip();
            let place = coins
                .iter()
                .position(|coin| **coin == order.symbol)
                .unwrap();
            let z = rules::z_scores(&known)[place];
            let bars_left = ((order.deadline_ms - step.time_ms) / MINUTE).max(0) as usize;
            let rule = rules::TimingRule::default();
            let decision = rule.decide(order.side, z, bars_left);
            assert_eq!((step.z, step.decision), (z, decision), "{step:?}");
            assert_eq!(step.part, left * decision.share(bars_left), "{step:?}");
            left -= step.part;
        }
        assert_eq!(left, 0.0, "{steps:?}\n{said}");
    }
    let found = verdict["orders"].as_array().unwrap();
    assert_eq!(
        found.len(),
        3,
        "one order for each that was asked for, twice\n{verdict}"
    );
    assert!(
        found.iter().all(|order| order["price"].as_f64().is_some()),
        "{verdict}"
    );
}

#[test]
fn orders_of_coins_that_are_not_watched_are_refused() {
    let market = Market3::new(Faults::default());
    for (orders, expected) in [
        (
            ["--buy", "SIM9USDT"],
            "SIM9USDT is not watched, expected one of SIM1USDT",
        ),
        (
            ["--within", "90s"],
            "--within 90s: expected a multiple of the bar, 60s",
        ),
    ] {
        let output = market.watch(5, &orders).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected) && said.contains("hint: "), "{said}");
    }
}

#[test]
fn an_ensemble_is_watched_with_like_any_run() {
    let market = Market3::new(Faults::default());
    into_ensemble(&market.run);
    finished(market.watch(25, &no_metrics()));
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}");
    assert!(
        count(&verdict, "minutes") >= 5 && count(&verdict, "forecasts") >= 10,
        "{verdict}"
    );
    let log = fs::read_to_string(market.run.join("ledger.jsonl")).unwrap();
    assert!(!log.contains("indicator rule"), "{log}");
}

#[test]
fn rest_alone_will_do() {
    let market = Market3::new(Faults::default());
    let said = finished(market.watch(
        20,
        &[
            "--set",
            "watch.websocket=false",
            "--set",
            "watch.metrics_port=off",
        ],
    ));
    let (is_right, verdict) = market.verdict();
    assert!(
        is_right && count(&verdict, "minutes") >= 5,
        "{verdict}\n{said}"
    );
    assert_eq!(market.exchange.counts().requests("socket"), 0);
}

#[test]
fn the_metrics_can_be_asked_for() {
    let market = Market3::new(Faults::default());
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let port_key = format!("watch.metrics_port={port}");
    let child = market.watch(
        60,
        &[
            "--set",
            &port_key,
            "--set",
            "watch.drift_limit_std=0.000001",
        ],
    );
    let mut text = String::new();
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(50));
        text = metrics(port).unwrap_or_default();
        if text.contains("quarterhour_open_positions 3") {
            break;
        }
    }
    let said = finished(child);
    assert!(
        said.contains("drift: far from the training statistics"),
        "{said}"
    );
    for name in [
        "quarterhour_bars_total{outcome=\"forecast\"}",
        "quarterhour_forecasts_total{outcome=\"forecast\"}",
        "quarterhour_forecast_latency_seconds_bucket",
        "quarterhour_open_positions 3",
        "quarterhour_equity ",
        "quarterhour_pearson ",
        "quarterhour_drift_std{symbol=\"SIM1USDT\"}",
        "quarterhour_websocket_connected 1",
        "quarterhour_forecast{symbol=\"SIM1USDT\"}",
        "quarterhour_candle_age_seconds{symbol=\"SIM1USDT\"}",
        "quarterhour_last_success_timestamp_seconds ",
        "quarterhour_model_info{forecaster=\"network of fold 2 ",
        "quarterhour_faults_total{kind=\"rest\"} ",
        "quarterhour_faults_total{kind=\"candle\"} 0",
        "quarterhour_paused 0",
        "quarterhour_alerts_total{outcome=\"failed\"} 0",
        "quarterhour_bar_seconds 60",
        "quarterhour_warnings 0",
    ] {
        assert!(text.contains(name), "{name} is not in\n{text}");
    }
}

fn metrics(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn nothing_is_traded_without_thresholds() {
    let market = Market3::new(Faults::default());
    fs::remove_file(market.run.join("thresholds.toml")).unwrap();
    let said = finished(market.watch(8, &no_metrics()));
    assert!(
        said.contains("nothing is traded") && said.contains("quarterhour thresholds"),
        "{said}"
    );
    let ledger = trading::Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
    assert!(
        ledger
            .forecasts(0)
            .unwrap()
            .iter()
            .any(|forecast| forecast.forecast.is_some())
    );
    assert_eq!(ledger.all_positions().unwrap(), []);
}

/// Forecasts of the log, by time.
fn forecast_times(market: &Market3) -> Vec<String> {
    let log = fs::read_to_string(market.run.join("ledger.jsonl")).unwrap();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let forecasts = lines.filter(|line| line["message"] == "forecast");
    forecasts
        .map(|line| line["time"].as_str().unwrap().to_owned())
        .collect()
}

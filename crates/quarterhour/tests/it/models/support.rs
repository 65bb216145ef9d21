//! What the tests of the registry share: candles in a store, runs of a ridge on them, and a registry.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use dataset::{CandleTable, Config};
use market::{Candle, Symbol};
use serde_json::Value;

use crate::QUARTERHOUR;

/// A ridge on minutes: fitted in a second.
const RIDGE: &str = r#"
[data]
source = "simulated"
[data.simulated]
coins = 4
minutes = 17500
[universe]
symbols = []
[features]
set = "relative"
lookback_bars = 1
[split]
folds = 1
refit_every = "2d"
"#;

/// The simulated market begins here.
const DAY_MS: i64 = 86_400_000;

/// Candles of twelve days in a store, and a registry.
pub struct House {
    dir: tempfile::TempDir,
}

impl House {
    /// The market of [`RIDGE`], each candle as `change` makes it, given its day from 0.
    pub fn new(change: impl Fn(i64, Candle) -> Candle) -> Self {
        let house = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        house.store("data", change);
        fs::write(
            house.path("ridge.toml"),
            RIDGE.replace("simulated\"\n", "store\"\n"),
        )
        .unwrap();
        house
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn store(&self, name: &str, change: impl Fn(i64, Candle) -> Candle) {
        let mut config: Config = toml::from_str(RIDGE).unwrap();
        let coins = tests::candles(&config);
        let first_ms = coins[0].1.open_time_ms[0];
        let changed = |(symbol, table): &(Symbol, CandleTable)| {
            let candles = (0..table.len()).map(|index| table.candle(index));
            let day = |candle: &Candle| (candle.open_time_ms - first_ms) / DAY_MS;
            let candles = candles.map(|candle| change(day(&candle), candle));
            (symbol.clone(), candles.collect())
        };
        let coins: Vec<(Symbol, CandleTable)> = coins.iter().map(changed).collect();
        tests::store(&self.path(name), &mut config, &coins);
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(QUARTERHOUR);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_remove("MLFLOW_TRACKING_URI")
            .env_remove("QUARTERHOUR_REGISTRY");
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints, which must succeed.
    pub fn said(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command complains of, which must fail.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Fits a run of candles to a day and registers it.
    pub fn add(&self, run: &str, until: &str, version: &str) {
        let folder = format!("checkpoints/{run}");
        let until = format!("data.until={until:?}");
        let config = ["--config", "ridge.toml", "--set", &until];
        self.said(&[&["ridge", "--run", &folder][..], &config].concat());
        let named = ["--name", "m", "--version", version, "--why", "a test"];
        self.said(&[&["models", "add", &folder][..], &named].concat());
    }

    /// The version in production, which must be whole: its files are checked where it is used.
    pub fn production(&self) -> String {
        self.said(&["evaluate", "m@production", "--json"]);
        let shown = self.said(&["models", "show", "m@production", "--json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let versions = shown["versions"].as_array().unwrap();
        assert_eq!(versions.len(), 1);
        versions[0]["version"].as_str().unwrap().to_owned()
    }

    /// Retraining on the candles that are there.
    pub fn retrain(&self, more: &[&str]) -> String {
        self.said(&[&["retrain", "--model", "m", "--no-download"][..], more].concat())
    }

    /// The JSON object that a call prints, and nothing beside it.
    pub fn outcome(&self, more: &[&str]) -> Value {
        let common = ["retrain", "--model", "m", "--no-download", "--json"];
        serde_json::from_str(&self.said(&[&common[..], more].concat())).unwrap()
    }

    /// Replaces the closes of a store's coins from a day on by walks that nothing can be learnt of.
    pub fn walk_from(&self, first_day: i64, minutes: usize) {
        let text = RIDGE.replace("minutes = 17500", &format!("minutes = {minutes}"));
        let mut config: Config = toml::from_str(&text).unwrap();
        let mut coins = tests::candles(&config);
        for (coin, (_, table)) in coins.iter_mut().enumerate() {
            let first_ms = table.open_time_ms[0] + first_day * DAY_MS;
            let mut last: Option<f64> = None;
            let mut walked = |candle: Candle| {
                let before = last.filter(|_| candle.open_time_ms >= first_ms);
                let close = match before {
                    Some(before) => before * (1.0 + 0.002 * noise(coin, candle.open_time_ms)),
                    None => candle.close,
                };
                last = Some(close);
                Candle {
                    open: candle.open.map(|open| before.unwrap_or(open)),
                    high: candle
                        .high
                        .map(|_| close.max(before.unwrap_or(close)) * 1.0001),
                    low: candle
                        .low
                        .map(|_| close.min(before.unwrap_or(close)) * 0.9999),
                    close,
                    ..candle
                }
            };
            let candles: Vec<Candle> = (0..table.len()).map(|row| table.candle(row)).collect();
            let kept = |candle: &Candle| candle.open_time_ms < first_ms;
            *table = (candles.into_iter())
                .map(|candle| match kept(&candle) {
                    true => {
                        walked(candle);
                        candle
                    }
                    false => walked(candle),
                })
                .collect();
        }
        fs::remove_dir_all(self.path("data")).unwrap();
        tests::store(&self.path("data"), &mut config, &coins);
    }
}

/// A number from -0.5 to 0.5 that no other of a coin's minutes says anything of.
fn noise(coin: usize, time_ms: i64) -> f64 {
    let mut mixed = (time_ms as u64 / 60_000).wrapping_add(coin as u64 * 1_000_003);
    for _ in 0..2 {
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (mixed >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
}

/// A candle whose close is moved by up to 2 %, another way each minute: nothing can be learnt from it.
pub fn damaged(candle: Candle) -> Candle {
    let noise = (candle.open_time_ms / 60_000)
        .wrapping_mul(2_654_435_761)
        .rem_euclid(1000);
    let close = candle.close * (1.0 + 0.04 * (noise as f64 / 1000.0 - 0.5));
    Candle {
        close,
        high: candle.high.map(|high| high.max(close)),
        low: candle.low.map(|low| low.min(close)),
        ..candle
    }
}

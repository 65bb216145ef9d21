//! Runs as forecasters leave them, with forecasts that were made up.

use std::fs;
use std::path::Path;
use std::process::Output;

use dataset::{
    Config, ForecastTable, PartKey, RunConfig, RunDir, Source, TableMetadata, TablePart,
};
use market::Symbol;

use crate::quarterhour;

pub const MINUTE: i64 = 60_000;

/// Minutes of a fold.
pub const FOLD: i64 = 600;

/// A shared config of three coins, whose store nobody opens.
pub fn shared() -> Config {
    let mut config = tests::tiny();
    config.data.source = Source::Store;
    config.universe.symbols = ["AUSDT", "BUSDT", "CUSDT"]
        .map(|name| Symbol::new(name).unwrap())
        .into();
    config
}

/// A number between -1 and 1 that depends on all it is given.
pub fn noise(seed: u64, time: i64, coin: usize) -> f64 {
    let mut state =
        seed ^ (time as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ ((coin as u64) << 40);
    for _ in 0..3 {
        state = (state ^ (state >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
    (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// What the coins realize: a hundredth of noise of seed 1 (which is forecast) and noise of seed 2
/// (which nobody knows).
pub fn realized(time: i64, coin: usize) -> f64 {
    0.01 * (noise(1, time, coin) + noise(2, time, coin))
}

/// Writes a run of three folds whose forecasts are `forecast(minute, coin)`; NaN is no forecast.
pub fn member(dir: &Path, name: &str, config: &Config, forecast: impl Fn(i64, usize) -> f64) {
    let run = RunDir::new(dir.join(name));
    let mut table: toml::Table = toml::from_str(&toml::to_string(config).unwrap()).unwrap();
    let kind = RunConfig {
        kind: String::new(),
        forecaster: "network".to_owned(),
        version: String::new(),
    };
    table.insert("run".to_owned(), toml::Value::try_from(&kind).unwrap());
    fs::create_dir_all(run.path()).unwrap();
    fs::write(run.config(), toml::to_string(&table).unwrap()).unwrap();
    let places = (0..3 * FOLD)
        .flat_map(|minute| (0..config.universe.symbols.len()).map(move |coin| (minute, coin)));
    let mut part = TablePart::empty(PartKey::new(config));
    part.symbols.clone_from(&config.universe.symbols);
    let mut last_return = Vec::new();
    for (minute, coin) in places.filter(|&(minute, coin)| !forecast(minute, coin).is_nan()) {
        part.time_ms.push(minute * MINUTE);
        part.symbol.push(coin as u32);
        part.fold.push((minute / FOLD + 1) as u32);
        part.forecast.push(forecast(minute, coin));
        part.realized.push(realized(minute, coin));
        part.realized_delayed.push(realized(minute + 1, coin));
        last_return.push(0.001 * noise(9, minute, coin));
    }
    part.controls.insert("last_return".to_owned(), last_return);
    part.trailing_volatility = vec![1e-3; part.len()];
    part.volatility = vec![0.01; part.len()];
    part.weight = vec![1.0; part.len()];
    ForecastTable::new(TableMetadata::new(config), vec![part], run.path())
        .unwrap()
        .write(&run.forecasts())
        .unwrap();
}

/// A member that knows the half that can be known, at this loudness.
pub fn knowing(loudness: f64) -> impl Fn(i64, usize) -> f64 {
    move |minute, coin| loudness * 0.01 * noise(1, minute, coin)
}

/// What the command does in `dir`.
pub fn ensemble(dir: &Path, arguments: &[&str]) -> Output {
    quarterhour("ensemble")
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap()
}

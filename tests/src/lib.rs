//! What the pipeline tests share: a tiny market, a tiny run, and what a binary says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support may stop at the first surprise"
)]

mod transcript;

use std::path::PathBuf;

use dataset::{CandleTable, Config, Store};
use market::{Symbol, simulate};

pub use transcript::Transcript;

/// A config that trains in about a second: three simulated coins, two days, two folds.
pub const TINY: &str = r#"
[data]
source = "simulated"
fill_limit = "10m"
[data.simulated]
coins = 3
minutes = 2500
outage_every_minutes = 900
[universe]
symbols = []
[features]
lookback_bars = 32
[target]
fit = "parts"
[normalize]
target = "trailing"
[split]
folds = 2
[network]
stem_width = 8
stem_kernel = 4
stem_stride = 4
stages = [8, 8]
blocks_per_stage = 1
head_width = 0
dropout = 0.2
[training]
steps = 24
batch_pairs = 48
evaluate_every = 4
stop_windows = 50
"#;

/// The shared sections of [`TINY`].
pub fn tiny() -> Config {
    toml::from_str(TINY).unwrap()
}

/// The simulated market's candles, by coin.
pub fn candles(config: &Config) -> Vec<(Symbol, CandleTable)> {
    let market = simulate(&config.data.simulated, config.data.interval).unwrap();
    market
        .coins
        .into_iter()
        .map(|coin| (coin.symbol, coin.candles.into_iter().collect()))
        .collect()
}

/// Puts candles into a store under `dir`, and says in the config that they are there.
pub fn store(dir: &std::path::Path, config: &mut Config, coins: &[(Symbol, CandleTable)]) {
    config.data.source = dataset::Source::Store;
    config.data.dir = dir.to_owned();
    let store = Store::new(dir, config.data.market, config.data.interval);
    for (symbol, candles) in coins {
        store.append(symbol, candles, false).unwrap();
    }
}

/// A file of the real candles that some tests read; None, with a printed reason, where it is not
/// there.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// What a test needs and this machine may lack: skipped with the printed reason, but a failure on
/// CI.
pub fn available<T>(found: Result<T, impl std::fmt::Display>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

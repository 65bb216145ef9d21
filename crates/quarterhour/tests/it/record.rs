//! `predict --record` on days: one bar, once, of returns and of volatilities.

use std::fs;
use std::path::Path;
use std::process::Output;

use dataset::{CandleTable, Column, Config, Source};
use market::{Interval, Market, Symbol};
use replay::{Exchange, ReplayConfig};
use serde_json::Value;
use trading::Ledger;

use crate::quarterhour;

const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 300;

/// Days from 1970 to the first candle, on 1 January 2020.
const FIRST: i64 = 18_262;

/// A market of four coins that move by up to 4 % a day, of which a run knows the first 280 days.
const CONFIG: &str = r#"
[data]
dir = "data"
interval = "1d"
fill_limit = "0m"
until = "2020-10-07"
[universe]
symbols = []
[features]
lookback_bars = 1
[split]
folds = 2
history_bars = 30
early_stopping_share = 0.0
"#;

pub const OF_RETURNS: &str = "
[features]
set = \"relative\"
lookback_bars = 1
[target]
horizon = \"1d\"
";

/// A price as an exchange serves it.
fn cents(price: f64) -> f64 {
    (price * 100.0).round() / 100.0
}

fn coins() -> Vec<(Symbol, CandleTable)> {
    let coin = |(place, name): (usize, &str)| {
        let mut candles = CandleTable::default();
        let mut close = 100.0;
        for day in 0..DAYS {
            let open = close;
            let drawn = (day * day * 7919 + day * (31 + 17 * place as i64)).rem_euclid(97);
            close = cents(close * (1.0 + 0.08 * (drawn as f64 / 96.0 - 0.5)));
            let mut values = [f64::NAN; Column::ALL.len()];
            values[..4].copy_from_slice(&[
                open,
                cents(open.max(close) * 1.01),
                cents(open.min(close) * 0.99),
                close,
            ]);
            values[Column::Volume as usize] = 1000.0 + drawn as f64;
            candles.push_row((FIRST + day) * DAY_MS, values);
        }
        (Symbol::new(name).unwrap(), candles)
    };
    let names = ["AUSDT", "BUSDT", "CUSDT", "DUSDT"];
    names.into_iter().enumerate().map(coin).collect()
}

fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// Fits a run on the store's candles in `dir`.
pub fn fitted(dir: &Path, command: &str, more: &str, sets: &[&str]) {
    let config = match more.is_empty() {
        true => CONFIG.to_owned(),
        false => CONFIG.replace("[features]\nlookback_bars = 1\n", more),
    };
    fs::write(dir.join("days.toml"), config).unwrap();
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let output = quarterhour(command)
        .args(["--config", "days.toml", "--run", "run"])
        .args(sets)
        .current_dir(dir)
        .output()
        .unwrap();
    done(&output);
}

/// Records the exchange's last closed day.
fn record(dir: &Path, exchange: &Exchange) -> (Value, String) {
    let output = quarterhour("predict")
        .args(["--record", "--json", "--run", "run", "--device", "flex"])
        .args(["--set", "trading.act_within_secs=86400", "--base-url"])
        .arg(exchange.url())
        .current_dir(dir)
        .output()
        .unwrap();
    let said = done(&output);
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

/// Everything that the ledger has, as text.
fn rows(dir: &Path) -> String {
    let ledger = Ledger::read_only(&dir.join("run/ledger.sqlite")).unwrap();
    let forecasts = ledger.forecasts(0).unwrap();
    format!("{forecasts:?} {:?}", ledger.all_positions().unwrap())
}

/// The exchange at noon of a day.
pub fn exchange(day: i64) -> Exchange {
    let replay = ReplayConfig {
        start: Some(((FIRST + day) * DAY_MS + DAY_MS / 2).to_string()),
        ..ReplayConfig::default()
    };
    let day: Interval = "1d".parse().unwrap();
    Exchange::start(Market::Spot, day, coins(), &replay).unwrap()
}

pub fn market() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config: Config = toml::from_str(CONFIG).unwrap();
    config.data.source = Source::Store;
    tests::store(&dir.path().join("data"), &mut config, &coins());
    dir
}

/// Two calls on a day and one on the next: the second changes nothing, the third adds a bar.
fn recorded_once_a_day(dir: &Path) -> [Value; 2] {
    let noon = exchange(290);
    let (first, _) = record(dir, &noon);
    assert_eq!(
        first["time"], "2020-10-16 00:00",
        "the day that closed last"
    );
    assert_eq!(first["forecasts"], 4, "{first}");
    assert_eq!(first["recorded"], true);
    let before = rows(dir);
    let (second, said) = record(dir, &noon);
    assert!(said.contains("recorded already"), "{said}");
    assert_eq!(second["recorded"], false);
    assert_eq!(second["time"], first["time"]);
    assert_eq!(rows(dir), before);
    let (third, _) = record(dir, &exchange(291));
    assert_eq!(third["time"], "2020-10-17 00:00");
    assert_ne!(rows(dir), before);
    [first, third]
}

#[test]
fn returns_of_days_are_recorded_once_a_day_and_traded() {
    let dir = market();
    fitted(dir.path(), "ridge", OF_RETURNS, &[]);
    let coins = ["AUSDT", "BUSDT", "CUSDT", "DUSDT"];
    let coins = coins.map(|name| format!("[coins.{name}]\nbuy = 1e-12\nsell = -1e-12\n"));
    let thresholds = format!(
        "protocol = \"seed\"\nhold_bars = 1\ntuned = [\"\", \"\"]\n[costs]\nfee_bps = 10.0\nslippage_bps = 1.0\n{}",
        coins.concat()
    );
    fs::write(dir.path().join("run/thresholds.toml"), thresholds).unwrap();
    let [first, third] = recorded_once_a_day(dir.path());
    assert_eq!(first["opened"], 4, "{first}");
    // Those of the day before have been settled at the day's close.
    let ledger = Ledger::read_only(&dir.path().join("run/ledger.sqlite")).unwrap();
    let positions = ledger.all_positions().unwrap();
    let settled = positions.iter().filter(|position| !position.is_open());
    assert!(
        settled.count() >= 4 && positions.len() >= 8,
        "{third} {positions:?}"
    );
}

#[test]
fn volatilities_are_recorded_once_a_day() {
    let dir = market();
    let sets = [
        "target.kind=volatility",
        "target.horizon=7d",
        "features.set=har_range",
        "volatility.model=log_har",
    ];
    fitted(dir.path(), "volatility", "", &sets);
    let [first, _] = recorded_once_a_day(dir.path());
    assert_eq!(first["opened"], 0, "a volatility is nothing to trade on");
    // The forecast is that of `predict` at the day.
    let output = quarterhour("predict")
        .args(["--run", "run", "--json", "--at", "2020-10-16"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    done(&output);
    let offline: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ledger = Ledger::read_only(&dir.path().join("run/ledger.sqlite")).unwrap();
    let logged = ledger.forecasts((FIRST + 289) * DAY_MS).unwrap();
    let of_day = || {
        logged
            .iter()
            .filter(|logged| logged.time_ms == (FIRST + 289) * DAY_MS)
    };
    assert_eq!(of_day().count(), 4);
    for coin in offline["coins"].as_array().unwrap() {
        let own = of_day().find(|logged| logged.symbol.as_str() == coin["symbol"]);
        let (own, offline) = (
            own.unwrap().forecast.unwrap(),
            coin["forecast"].as_f64().unwrap(),
        );
        // JSON is read to the last bit but one.
        assert!((own - offline).abs() < 1e-14 * own.abs().max(1.0), "{coin}");
    }
}

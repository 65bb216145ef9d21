//! What the tests of the download share: a market, an exchange that serves it, and the store
//! compared with it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use dataset::{CandleTable, Column, Store, parse_time};
use market::{Candle, FundingRate, Interval, Market, SimulatedConfig, Symbol, simulate};
use replay::{Exchange, Faults, ReplayConfig};

use crate::quarterhour;

pub type Coins = Vec<(Symbol, CandleTable)>;

/// A made-up market: three coins, with outages and single missing bars, the third listed later than
/// the others.
pub fn coins(start: &str, days: usize, interval: Interval) -> Coins {
    let config = SimulatedConfig {
        coins: 3,
        minutes: days * 1440,
        start_ms: parse_time(start).unwrap(),
        ..SimulatedConfig::default()
    };
    let mut coins: Coins = Vec::new();
    for (index, coin) in simulate(&config, interval)
        .unwrap()
        .coins
        .into_iter()
        .enumerate()
    {
        let skipped = if index == 2 {
            coin.candles.len() / 2 + 7
        } else {
            0
        };
        coins.push((
            coin.symbol,
            coin.candles
                .into_iter()
                .skip(skipped)
                .map(|candle| written(&candle))
                .collect(),
        ));
    }
    coins
}

/// With the 8 decimals that an exchange writes.
fn written(candle: &Candle) -> Candle {
    let round = |value: f64| format!("{value:.8}").parse::<f64>().unwrap();
    Candle {
        open_time_ms: candle.open_time_ms,
        open: candle.open.map(round),
        high: candle.high.map(round),
        low: candle.low.map(round),
        close: round(candle.close),
        volume: candle.volume.map(round),
        quote_volume: candle.quote_volume.map(round),
        count: candle.count,
        taker_buy_volume: candle.taker_buy_volume.map(round),
        taker_buy_quote_volume: candle.taker_buy_quote_volume.map(round),
    }
}

pub fn symbol_list(coins: &Coins) -> String {
    let names: Vec<String> = coins
        .iter()
        .map(|(symbol, _)| format!("\"{symbol}\""))
        .collect();
    format!("universe.symbols=[{}]", names.join(","))
}

/// An exchange whose clock stands still at `now`.
pub fn exchange(
    market: Market,
    interval: Interval,
    coins: Coins,
    now: &str,
    faults: Faults,
) -> Exchange {
    let config = ReplayConfig {
        start: Some(now.to_owned()),
        speed: 0.0,
        faults,
        ..ReplayConfig::default()
    };
    Exchange::start(market, interval, coins, &config).unwrap()
}

/// An exchange of futures with funding rates, whose clock stands still at `now`.
pub fn exchange_with_funding(
    interval: Interval,
    coins: Coins,
    funding: BTreeMap<Symbol, Vec<FundingRate>>,
    now: &str,
) -> Exchange {
    let config = ReplayConfig {
        start: Some(now.to_owned()),
        speed: 0.0,
        ..ReplayConfig::default()
    };
    Exchange::start_with_funding(Market::Futures, interval, coins, funding, &config).unwrap()
}

/// The address of REST at `url`. It is another host by name than the archive's, as at the real
/// exchange: one that asks for silence does not silence the other.
pub fn rest_url(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

/// What was said, without the exchange's addresses.
pub fn without_addresses(said: &str, url: &str) -> String {
    said.replace(url, "[URL]").replace(&rest_url(url), "[URL]")
}

/// `download` with the exchange's addresses.
pub fn command(dir: &Path, url: &str, settings: &[&str]) -> Command {
    let mut command = quarterhour("download");
    command
        .current_dir(dir)
        .args(["--archive-url", url, "--base-url", &rest_url(url)]);
    for setting in settings {
        match setting.strip_prefix("--") {
            Some(_) => command.arg(setting),
            None => command.args(["--set", setting]),
        };
    }
    command
}

pub fn run(dir: &Path, url: &str, settings: &[&str]) -> Output {
    command(dir, url, settings).output().unwrap()
}

/// stdout and stderr of a download that must go well.
pub fn fetched(dir: &Path, url: &str, settings: &[&str]) -> (String, String) {
    let output = run(dir, url, settings);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    (String::from_utf8(output.stdout).unwrap(), stderr)
}

/// Every candle of the source that has closed by `now` is in the store with the same values, and
/// nothing else.
pub fn assert_same(dir: &Path, market: Market, interval: Interval, coins: &Coins, now: &str) {
    let now_ms = parse_time(now).unwrap();
    let store = Store::new(&dir.join("data"), market, interval);
    for (symbol, source) in coins {
        let stored = store
            .read(symbol, &Column::ALL, i64::MIN, i64::MAX)
            .unwrap();
        let closed = source
            .open_time_ms
            .iter()
            .filter(|&&time| time + interval.ms() <= now_ms)
            .count();
        assert_eq!(stored.len(), closed, "{symbol}");
        assert!(
            stored.open_time_ms == source.open_time_ms[..closed],
            "{symbol}: other minutes"
        );
        for column in Column::ALL
            .into_iter()
            .filter(|&column| column != Column::Target)
        {
            let pairs = stored.column(column).iter().zip(source.column(column));
            let other = pairs
                .enumerate()
                .find(|(_, (stored, source))| stored != source);
            assert_eq!(other, None, "{symbol}: {column}");
        }
    }
}

/// A server on loopback that answers each path as `answer` says, one connection each, until the
/// process ends.
pub fn stub(answer: impl Fn(&str) -> (u16, Vec<u8>) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let Some(request) = lines.next() else { return };
                while lines.next().is_some_and(|line| !line.is_empty()) {}
                let (status, body) = answer(request.split(' ').nth(1).unwrap());
                let head = format!(
                    "HTTP/1.1 {status} Stub\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                // A client that was killed is no fault of the stub.
                let _ = (&stream).write_all(&[head.into_bytes(), body].concat());
            });
        }
    });
    url
}

/// A zip with one CSV inside.
pub fn zipped(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("candles.csv", zip::write::SimpleFileOptions::default())
        .unwrap();
    std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

//! Candles to serve: made up, and from the exchange's own files.

use std::io::Read;
use std::path::Path;

use dataset::{CandleTable, parse_time};
use market::{Candle, Interval, Market, Symbol};
use replay::{Exchange, Faults, ReplayConfig};

pub const MINUTE_MS: i64 = 60_000;

/// UTC ms.
pub fn ms(text: &str) -> i64 {
    parse_time(text).unwrap()
}

pub fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

/// Made-up minutes from `from` on; every close differs from its open.
pub fn minutes(from: &str, count: i64) -> CandleTable {
    let candle = |bar: i64| {
        let open = 100.0 + (bar % 17) as f64 + 0.25;
        let close = open + if bar % 2 == 0 { 1.5 } else { -1.5 };
        Candle {
            open: Some(open),
            high: Some(open + 2.0),
            low: Some(open - 2.0),
            volume: Some(10.0 + bar as f64),
            quote_volume: Some(1000.0),
            count: Some(20.0),
            taker_buy_volume: Some(5.0),
            taker_buy_quote_volume: Some(500.0),
            ..Candle::close_only(ms(from) + bar * MINUTE_MS, close)
        }
    };
    (0..count).map(candle).collect()
}

/// Serves AUSDT and BUSDT: 3 hours from 2021-05-03, with the clock standing at `now`.
pub fn standing(now: &str, faults: Faults) -> Exchange {
    let config = ReplayConfig {
        start: Some(now.into()),
        speed: 0.0,
        faults,
        ..ReplayConfig::default()
    };
    start(Market::Spot, &config)
}

/// As [`standing`], for any market and config.
pub fn start(market: Market, config: &ReplayConfig) -> Exchange {
    let coins = ["AUSDT", "BUSDT"]
        .map(|name| (symbol(name), minutes("2021-05-03", 180)))
        .into();
    Exchange::start(market, Interval::ONE_MINUTE, coins, config).unwrap()
}

/// The CSV in one of the exchange's archive zips.
pub fn unzipped(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut text = String::new();
    archive
        .by_index(0)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// The candles in the text of an archive CSV, with or without a header, in ms or microseconds.
pub fn from_csv(text: &str) -> CandleTable {
    let rows = text.lines().filter(|line| !line.starts_with("open_time"));
    rows.map(|line| candle(&line.split(',').map(str::to_owned).collect::<Vec<_>>()))
        .collect()
}

/// The candle in the 12 elements of a kline.
pub fn candle(cells: &[String]) -> Candle {
    let number = |place: usize| Some(cells[place].parse::<f64>().unwrap());
    let time: i64 = cells[0].parse().unwrap();
    Candle {
        open: number(1),
        high: number(2),
        low: number(3),
        volume: number(5),
        quote_volume: number(7),
        count: number(8),
        taker_buy_volume: number(9),
        taker_buy_quote_volume: number(10),
        ..Candle::close_only(
            if time > 100_000_000_000_000 {
                time / 1000
            } else {
                time
            },
            number(4).unwrap(),
        )
    }
}

/// Serves the candles of one file long after their end.
pub fn serving(path: &Path, market: Market, candles: CandleTable) -> (Exchange, Vec<String>) {
    // SYMBOL-INTERVAL-PERIOD
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let parts: Vec<String> = name.splitn(3, '-').map(str::to_owned).collect();
    let config = ReplayConfig {
        start: Some("2027-01-01".into()),
        speed: 0.0,
        ..ReplayConfig::default()
    };
    let coins = vec![(symbol(&parts[0]), candles)];
    (
        Exchange::start(market, parts[1].parse().unwrap(), coins, &config).unwrap(),
        parts,
    )
}

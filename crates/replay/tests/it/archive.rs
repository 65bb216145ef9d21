//! The bulk archive.

use std::fs;
use std::path::Path;

use market::{Interval, Market};
use replay::{Exchange, ReplayConfig};
use sha2::{Digest, Sha256};

use crate::client::{Answer, get};
use crate::coins::{from_csv, minutes, serving, symbol, unzipped};

/// The file and what its checksum says.
fn fetched(exchange: &Exchange, target: &str) -> Answer {
    let answer = get(&exchange.url(), target);
    assert_eq!(answer.status, 200, "{target}");
    let hex: String = Sha256::digest(&answer.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = target.rsplit('/').next().unwrap();
    assert_eq!(
        get(&exchange.url(), &format!("{target}.CHECKSUM")).text(),
        format!("{hex}  {name}\n")
    );
    answer
}

/// Byte for byte, apart from what candles cannot tell: an amount of more digits than a 64-bit float
/// holds, and that the exchange closed a candle early because it went down. Returns how many cells
/// are such.
fn same(served: &str, real: &str, path: &Path) -> usize {
    let mut untold = 0;
    for (row, (served, real)) in served
        .lines()
        .zip(real.lines())
        .enumerate()
        .filter(|(_, (served, real))| served != real)
    {
        for (column, (served, real)) in served.split(',').zip(real.split(',')).enumerate() {
            let number = |text: &str| text.parse::<f64>().unwrap();
            let is_too_long = real.len() > 17 && number(real) == number(served);
            let is_closed_early = column == 6 && real < served;
            assert!(
                served == real || is_too_long || is_closed_early,
                "{}, row {}, column {}: {served}, expected {real}",
                path.display(),
                row + 1,
                column + 1
            );
            untold += usize::from(served != real);
        }
    }
    assert_eq!(served.len(), real.len(), "{}", path.display());
    untold
}

#[test]
fn a_day_is_the_real_file_byte_for_byte() {
    let names = [
        ("BTCUSDT-1m-2024-01-01", 0),
        // An outage of 80 minutes began within a candle; a listing day; a day with 230 minutes.
        ("ETHUSDT-1m-2023-03-24", 1),
        ("ARBUSDT-1m-2023-03-23", 0),
        ("ARBUSDT-1m-2023-07-27", 0),
        ("BTCUSDT-15m-2024-01-01", 0),
    ];
    for (name, untold) in names {
        let Some(path) = tests::shared_data(&format!("fixtures/archive-zip/{name}.zip")) else {
            continue;
        };
        let real = unzipped(&fs::read(&path).unwrap());
        let (exchange, parts) = serving(&path, Market::Spot, from_csv(&real));
        let target = format!(
            "/data/spot/daily/klines/{0}/{1}/{0}-{1}-{2}.zip",
            parts[0], parts[1], parts[2]
        );
        assert_eq!(
            same(&unzipped(&fetched(&exchange, &target).body), &real, &path),
            untold,
            "{name}"
        );
    }
}

#[test]
fn a_month_is_the_real_file_in_ms_and_in_microseconds() {
    let names = ["BTCUSDT-1h-2024-12", "BTCUSDT-1h-2025-01"];
    for path in names
        .iter()
        .filter_map(|name| tests::shared_data(&format!("fixtures/archive-csv-spot/{name}.csv")))
    {
        let real = fs::read_to_string(&path).unwrap();
        let (exchange, parts) = serving(&path, Market::Spot, from_csv(&real));
        let target = format!(
            "/data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-{}.zip",
            parts[2]
        );
        assert!(same(&unzipped(&fetched(&exchange, &target).body), &real, &path) < 20);
    }
}

#[test]
fn futures_have_the_real_header_and_the_same_numbers() {
    let Some(path) = tests::shared_data("fixtures/archive-csv-futures/AVAXUSDT-1m-2026-02.csv")
    else {
        return;
    };
    let real = fs::read_to_string(&path).unwrap();
    let (exchange, _) = serving(&path, Market::Futures, from_csv(&real));
    let target = "/data/futures/um/monthly/klines/AVAXUSDT/1m/AVAXUSDT-1m-2026-02.zip";
    let served = unzipped(&fetched(&exchange, target).body);
    assert_eq!(served.lines().next(), real.lines().next());
    assert_eq!(served.lines().count(), real.lines().count());
    // The file pads prices to the coin's own number of decimals, which candles do not tell.
    let numbers =
        |text: &str| -> Vec<f64> { text.split(',').map(|cell| cell.parse().unwrap()).collect() };
    assert!(
        served
            .lines()
            .skip(1)
            .zip(real.lines().skip(1))
            .all(|(served, real)| numbers(served) == numbers(real))
    );
}

#[test]
fn files_appear_when_the_exchange_publishes_them() {
    let daily = "/data/spot/daily/klines/AUSDT/1m/AUSDT-1m-2021-05-03.zip";
    let monthly = "/data/spot/monthly/klines/AUSDT/1m/AUSDT-1m-2021-05.zip";
    let status = |start: &str, target: &str| {
        let config = ReplayConfig {
            start: Some(start.into()),
            speed: 0.0,
            ..ReplayConfig::default()
        };
        let coins = vec![(symbol("AUSDT"), minutes("2021-05-03", 180))];
        let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &config).unwrap();
        get(&exchange.url(), target).status
    };
    assert_eq!(status("2021-05-04T01:59:59", daily), 404);
    assert_eq!(status("2021-05-04T02:00", daily), 200);
    assert_eq!(status("2021-06-07T01:59:59", monthly), 404);
    assert_eq!(status("2021-06-07T02:00", monthly), 200);
    for missing in [
        "/data/spot/daily/klines/AUSDT/1m/AUSDT-1m-2021-05-04.zip",
        "/data/spot/daily/klines/NOSUCH/1m/NOSUCH-1m-2021-05-03.zip",
        "/data/spot/daily/klines/AUSDT/1h/AUSDT-1h-2021-05-03.zip",
        "/data/spot/daily/klines/AUSDT/1m/BUSDT-1m-2021-05-03.zip",
        "/data/spot/daily/klines/AUSDT/1m/AUSDT-1m-2021-05.zip",
        "/data/spot/monthly/klines/AUSDT/1m/AUSDT-1m-2021-05-03.zip",
        "/data/futures/um/daily/klines/AUSDT/1m/AUSDT-1m-2021-05-03.zip",
        "/data/nothing",
    ] {
        assert_eq!(status("2021-07-01", missing), 404, "{missing}");
    }
}

#[test]
fn a_file_is_the_same_whenever_it_is_built() {
    let target = "/data/spot/daily/klines/AUSDT/1m/AUSDT-1m-2021-05-03.zip";
    let built = || {
        let config = ReplayConfig {
            start: Some("2021-06-01".into()),
            ..ReplayConfig::default()
        };
        let coins = vec![(symbol("AUSDT"), minutes("2021-05-03", 180))];
        let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &config).unwrap();
        let missing = get(&exchange.url(), &target.replace("05-03", "05-04"));
        assert!(
            missing.text().contains("<Code>NoSuchKey</Code>"),
            "{}",
            missing.text()
        );
        fetched(&exchange, target).body
    };
    assert_eq!(built(), built());
}

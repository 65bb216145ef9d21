//! `quarterhour download` against a replayed exchange.

use dataset::{CandleTable, Column};
use market::{Interval, Market};
use replay::Faults;

use super::support::{
    assert_same, coins, command, exchange, fetched, symbol_list, without_addresses,
};

const MINUTE: Interval = Interval::ONE_MINUTE;

/// A month, some days, and the hours since midnight by REST; with outages, single holes and a coin
/// that is listed later.
#[test]
fn an_empty_store_becomes_the_source_and_then_stays() {
    let (dir, source) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 45, MINUTE),
    );
    let now = "2024-02-11T12:30:30";
    let exchange = exchange(Market::Spot, MINUTE, source.clone(), now, Faults::default());
    let settings = [
        "data.from=2023-11-15",
        "data.until=2024-03-01",
        &symbol_list(&source),
    ];
    let (table, notes) = fetched(dir.path(), &exchange.url(), &settings);
    assert_same(dir.path(), Market::Spot, MINUTE, &source, now);
    insta::assert_snapshot!("first", format!("{table}{notes}"));
    let (archive, klines) = (
        exchange.counts().requests("archive"),
        exchange.counts().requests("klines"),
    );

    let (table, notes) = fetched(dir.path(), &exchange.url(), &settings);
    insta::assert_snapshot!("second", format!("{table}{notes}"));
    let checksums = exchange.counts().requests("archive") - archive;
    assert_eq!(checksums, 3 * 11, "a checksum for each file that is there");
    assert!(
        exchange.counts().requests("klines") - klines <= 3,
        "whether more has closed since midnight"
    );

    let archive = exchange.counts().requests("archive");
    fetched(
        dir.path(),
        &exchange.url(),
        &[&settings[..], &["--trust-known"]].concat(),
    );
    assert_eq!(
        exchange.counts().requests("archive"),
        archive,
        "nothing is asked of the archive"
    );
    assert_same(dir.path(), Market::Spot, MINUTE, &source, now);
}

/// In addresses such a name is percent-encoded, in the store it is as it is.
#[test]
fn coins_with_other_names_than_letters_are_fetched() {
    let (dir, mut source) = (tempfile::tempdir().unwrap(), coins("2024-01-01", 3, MINUTE));
    source[0].0 = "\u{5e01}\u{5b89}\u{4eba}\u{751f}USDT".parse().unwrap();
    source[1].0 = "BTCUSDT_231229".parse().unwrap();
    let now = "2024-01-03T12:00";
    let exchange = exchange(Market::Spot, MINUTE, source.clone(), now, Faults::default());
    fetched(
        dir.path(),
        &exchange.url(),
        &["data.from=2024-01-01", &symbol_list(&source)],
    );
    assert_same(dir.path(), Market::Spot, MINUTE, &source, now);
}

/// What the days brought is not fetched again as a month.
#[test]
fn a_month_that_has_ended_needs_only_what_is_new() {
    let (dir, source) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 45, MINUTE),
    );
    let settings = ["data.from=2024-01-01", &symbol_list(&source)];
    for (now, files) in [
        ("2024-01-30T18:00", 29 * 2 + 7),
        ("2024-02-08T06:00", 3 * 2 + 3 * 7),
    ] {
        let exchange = exchange(Market::Spot, MINUTE, source.clone(), now, Faults::default());
        let (_, notes) = fetched(dir.path(), &exchange.url(), &settings);
        assert!(
            notes.contains(&format!("note: {files} archive files fetched")),
            "{notes}"
        );
        assert_same(dir.path(), Market::Spot, MINUTE, &source, now);
    }
}

/// Spot files change from milliseconds to microseconds with 2025; futures files have a header.
#[test]
fn units_and_headers_are_told_apart_by_file() {
    let interval: Interval = "15m".parse().unwrap();
    for market in [Market::Spot, Market::Futures] {
        let (dir, source) = (
            tempfile::tempdir().unwrap(),
            coins("2024-12-01", 70, interval),
        );
        let now = "2025-02-05T09:00";
        let exchange = exchange(market, interval, source.clone(), now, Faults::default());
        let market_setting = format!("data.market={market}");
        let settings = [
            "data.from=2024-12-01",
            "data.interval=15m",
            &market_setting,
            &symbol_list(&source),
        ];
        fetched(dir.path(), &exchange.url(), &settings);
        assert_same(dir.path(), market, interval, &source, now);
    }
}

/// The exchange replaces a month: one candle differs, one is gone. What the store has is not taken
/// away.
#[test]
fn a_file_with_another_checksum_replaces_the_candles() {
    let interval: Interval = "5m".parse().unwrap();
    let (dir, old) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 65, interval),
    );
    let mut new = old.clone();
    let (_, table) = &mut new[1];
    let mut changed = CandleTable::default();
    for index in (0..table.len()).filter(|&index| index != 5000) {
        let mut candle = table.candle(index);
        candle.volume = candle
            .volume
            .map(|volume| if index == 4000 { volume * 2.0 } else { volume });
        changed.push(&candle, f64::NAN);
    }
    *table = changed;
    let now = "2024-03-05T00:10";
    let settings = [
        "data.from=2024-01-01",
        "data.interval=5m",
        &symbol_list(&old),
    ];
    let before = exchange(Market::Spot, interval, old.clone(), now, Faults::default());
    fetched(dir.path(), &before.url(), &settings);
    let after = exchange(Market::Spot, interval, new.clone(), now, Faults::default());
    fetched(
        dir.path(),
        &after.url(),
        &[&settings[..], &["--trust-known"]].concat(),
    );
    assert_same(dir.path(), Market::Spot, interval, &old, now);
    let (_, notes) = fetched(dir.path(), &after.url(), &settings);
    let (symbol, table) = &new[1];
    let gone = old[1].1.open_time_ms[5000];
    let mut kept = CandleTable::default();
    for index in 0..table.len() {
        if index > 0 && (table.open_time_ms[index - 1]..table.open_time_ms[index]).contains(&gone) {
            kept.push(&old[1].1.candle(5000), f64::NAN);
        }
        kept.push(&table.candle(index), f64::NAN);
    }
    let kept = vec![new[0].clone(), (symbol.clone(), kept), new[2].clone()];
    assert_same(dir.path(), Market::Spot, interval, &kept, now);
    insta::assert_snapshot!("replaced", notes);
}

/// Candles that were removed from under the manifest are fetched again.
#[test]
fn what_is_no_longer_in_the_store_is_fetched_again() {
    let interval: Interval = "15m".parse().unwrap();
    let (dir, source) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 40, interval),
    );
    let now = "2024-02-08T00:00";
    let exchange = exchange(
        Market::Spot,
        interval,
        source.clone(),
        now,
        Faults::default(),
    );
    let settings = [
        "data.from=2024-01-01",
        "data.interval=15m",
        &symbol_list(&source),
    ];
    fetched(dir.path(), &exchange.url(), &settings);
    let month = format!("data/candles/spot/15m/{}/2024-01.parquet", source[0].0);
    std::fs::remove_file(dir.path().join(month)).unwrap();
    let (_, notes) = fetched(dir.path(), &exchange.url(), &settings);
    assert!(notes.contains("note: 1 archive files fetched"), "{notes}");
    assert_same(dir.path(), Market::Spot, interval, &source, now);
}

/// Where REST is refused, the archive alone brings whole days.
#[test]
fn without_rest_the_archive_is_asked_alone() {
    let interval: Interval = "15m".parse().unwrap();
    let (dir, source) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 40, interval),
    );
    let blocked = Faults {
        country_blocked: true,
        ..Faults::default()
    };
    let exchange = exchange(
        Market::Spot,
        interval,
        source.clone(),
        "2024-02-08T12:00",
        blocked,
    );
    let settings = [
        "data.from=2023-12-01",
        "data.until=2024-02-08",
        "data.interval=15m",
        &symbol_list(&source),
    ];
    let (_, notes) = fetched(dir.path(), &exchange.url(), &settings);
    assert_same(dir.path(), Market::Spot, interval, &source, "2024-02-08");
    insta::assert_snapshot!("blocked", without_addresses(&notes, &exchange.url()));
}

/// Killed again and again among failures, and in the end as if nothing had been.
#[test]
fn a_download_that_is_killed_goes_on() {
    let (dir, source) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 40, MINUTE),
    );
    let now = "2024-02-09T12:00";
    let faults = Faults {
        rate_limited: 0.05,
        server_error: 0.05,
        cut: 0.05,
        ..Faults::default()
    };
    let exchange = exchange(Market::Spot, MINUTE, source.clone(), now, faults);
    let settings = ["data.from=2024-01-01", &symbol_list(&source)];
    for kill in 0..10_u64 {
        let mut child = command(dir.path(), &exchange.url(), &settings)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(10 + kill * kill * 7 % 200));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    fetched(dir.path(), &exchange.url(), &settings);
    assert_same(dir.path(), Market::Spot, MINUTE, &source, now);
    let counts = exchange.counts();
    assert!(counts.all_faults() > 0);
}

#[test]
fn columns_that_an_import_lacked_are_filled() {
    let interval: Interval = "1h".parse().unwrap();
    let (dir, source) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 40, interval),
    );
    let now = "2024-02-08T00:00";
    let mut closes = "open_time,symbol,close\n".to_owned();
    let (symbol, table) = &source[0];
    for (time, close) in table
        .open_time_ms
        .iter()
        .zip(table.column(Column::Close))
        .take(500)
    {
        closes.push_str(&format!("{time},{symbol},{close}\n"));
    }
    std::fs::write(dir.path().join("closes.csv"), closes).unwrap();
    super::download(dir.path(), &["import", "closes.csv"]);
    let exchange = exchange(
        Market::Spot,
        interval,
        source.clone(),
        now,
        Faults::default(),
    );
    fetched(
        dir.path(),
        &exchange.url(),
        &[
            "data.from=2024-01-01",
            "data.interval=1h",
            &symbol_list(&source),
        ],
    );
    assert_same(dir.path(), Market::Spot, interval, &source, now);
}

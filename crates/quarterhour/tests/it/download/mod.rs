//! `quarterhour download`, `import`, `simulate` and `audit`.

mod fetch;
mod funding;
mod import;
mod lacking;
mod pairs;
mod refusals;
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use dataset::{Column, Store};
use market::{Interval, Market, Symbol};

use crate::{QUARTERHOUR, quarterhour};

fn download(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new(QUARTERHOUR)
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

const ROWS: &str = "1733011200000,1,3,0.5,2,10,1733014799999,20,5,4,8,0\n1733014800000,2,3,1,2.5,0,1733018399999,0,0,0,0,0\n";

#[test]
fn every_form_of_candles_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("AUSDT-1h-2024-12.csv", ROWS);
    // A header, and microseconds.
    let header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n";
    write(
        "BUSDT-1h-2024-12.csv",
        &format!(
            "{header}{}",
            ROWS.replace("00000,", "00000000,")
                .replace("99999,", "99999999,")
        ),
    );
    write(
        "long.csv",
        "open_time,symbol,open,high,low,close,volume\n1733018400000,CUSDT,1,1,1,1,3\n1733022000000,CUSDT,1,2,1,2,4\n",
    );
    write(
        "closes.csv",
        "open_time,close,symbol,target\n1733011200,5,DUSDT,0.1\n1733014800,6,DUSDT,\n",
    );
    let files = [
        "AUSDT-1h-2024-12.csv",
        "BUSDT-1h-2024-12.csv",
        "long.csv",
        "closes.csv",
    ];
    let text = download(dir.path(), &[&["import"], &files[..]].concat());
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        text.lines()
            .skip(1)
            .all(|line| line.ends_with("     2    2")),
        "{text}"
    );
    let again = download(dir.path(), &[&["import"], &files[..]].concat());
    assert!(
        again
            .lines()
            .skip(1)
            .all(|line| line.ends_with("     2    0")),
        "nothing is new: {again}"
    );

    let store = Store::new(
        &dir.path().join("data"),
        Market::Spot,
        "1h".parse::<Interval>().unwrap(),
    );
    let read = |name: &str| {
        store
            .read(&Symbol::new(name).unwrap(), &Column::ALL, 0, i64::MAX)
            .unwrap()
    };
    // Every column but the target, which neither has: NaN differs from NaN.
    for column in Column::ALL.into_iter().take(9) {
        assert_eq!(read("AUSDT").column(column), read("BUSDT").column(column));
    }
    assert_eq!(
        read("AUSDT").open_time_ms,
        [1_733_011_200_000, 1_733_014_800_000]
    );
    let closes = read("DUSDT");
    assert_eq!(closes.column(Column::Close), [5.0, 6.0]);
    assert!(!closes.has(Column::Open) && !closes.has(Column::Volume));
    assert_eq!(closes.column(Column::Target)[0], 0.1);
    assert!(closes.column(Column::Target)[1].is_nan());
    let audit = download(dir.path(), &["audit", "--set", "data.interval=1h"]);
    assert!(audit.contains("DUSDT   2024-12-01 00:00"), "{audit}");
}

/// A month's file is read, changed and written: of two that do so at once, one would undo the
/// other's work.
#[test]
fn one_process_at_a_time_fills_a_store() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("AUSDT-1h-2024-12.csv"), ROWS).unwrap();
    let folder = dir.path().join("data/archive/spot/1h");
    fs::create_dir_all(&folder).unwrap();
    let other = fs::File::create(folder.join("lock")).unwrap();
    other.lock().unwrap();
    let mut import = quarterhour("import");
    let output = import
        .args(["AUSDT-1h-2024-12.csv"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("lock: another process is filling this store\nhint: wait for it to end"),
        "{said}"
    );
    drop(other);
    download(dir.path(), &["import", "AUSDT-1h-2024-12.csv"]);
}

#[test]
fn bad_candles_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let header = "open_time,symbol,open,high,low,close,volume\n";
    let good = "1733011200000,AUSDT,2,3,1,2,10\n";
    let write = |name: &str, rows: &str| {
        fs::write(dir.path().join(name), format!("{header}{good}{rows}")).unwrap()
    };
    write("high-below-low.csv", "1733011260000,AUSDT,2,1,3,2,10\n");
    write("nan.csv", "1733011260000,AUSDT,2,3,1,NaN,10\n");
    write("text.csv", "1733011260000,AUSDT,2,3,1,two,10\n");
    write("negative.csv", "1733011260000,AUSDT,2,3,-1,2,10\n");
    write(
        "off-grid.csv",
        "1733011260000,AUSDT,2,3,1,2,10\n1733011320000,AUSDT,2,3,1,2,10\n1733011350000,AUSDT,2,3,1,2,10\n",
    );
    write(
        "twice.csv",
        "1733011260000,AUSDT,2,3,1,2,10\n1733011260000,AUSDT,2,3,1,2,10\n",
    );
    write("no-time.csv", "soon,AUSDT,2,3,1,2,10\n");
    write("far-future.csv", "9223372036854775807,AUSDT,2,3,1,2,10\n");
    write("no-symbol.csv", "1733011260000,A USDT,2,3,1,2,10\n");
    write("odd-step.csv", "1733011207000,AUSDT,2,3,1,2,10\n");
    fs::write(dir.path().join("empty.csv"), "").unwrap();
    fs::write(dir.path().join("only-header.csv"), header).unwrap();
    fs::write(
        dir.path().join("no-close.csv"),
        "open_time,symbol,open\n1,AUSDT,1\n",
    )
    .unwrap();
    fs::write(
        dir.path().join("nameless.csv"),
        "open_time,close\n1733011200,1\n",
    )
    .unwrap();
    fs::write(dir.path().join("broken.parquet"), "PAR1 not at all").unwrap();
    fs::write(dir.path().join("AUSDT-1m-2024-12.zip"), "PK no").unwrap();
    fs::write(dir.path().join("candles.json"), "{}").unwrap();
    fs::write(dir.path().join("candles.xlsx"), "PK no").unwrap();
    fs::write(dir.path().join("broken.feather"), "ARROW1 not at all").unwrap();

    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path());
    for file in [
        "high-below-low.csv",
        "nan.csv",
        "text.csv",
        "negative.csv",
        "off-grid.csv",
        "twice.csv",
        "no-time.csv",
        "no-symbol.csv",
        "far-future.csv",
        "odd-step.csv",
        "empty.csv",
        "only-header.csv",
        "no-close.csv",
        "nameless.csv",
        "broken.parquet",
        "AUSDT-1m-2024-12.zip",
        "broken.feather",
        "candles.json",
        "candles.xlsx",
        "missing.csv",
    ] {
        said.refused(file, &["import", file]);
    }
    said.refused("an empty store", &["audit"]);
    assert!(
        !dir.path().join("data").exists(),
        "a refused file leaves nothing behind"
    );

    fs::write(
        dir.path().join("AUSDT-1m-a.csv"),
        "1733011200000,2,3,1,2,10,0,20,5,4,8,0\n",
    )
    .unwrap();
    fs::write(
        dir.path().join("AUSDT-1m-b.csv"),
        "1733011200000,2,3,1,2.5,10,0,20,5,4,8,0\n",
    )
    .unwrap();
    download(dir.path(), &["import", "AUSDT-1m-a.csv"]);
    said.refused(
        "another value than the stored one",
        &["import", "AUSDT-1m-b.csv"],
    );
    download(dir.path(), &["import", "--replace", "AUSDT-1m-b.csv"]);
    insta::assert_snapshot!("errors", said.text);
}

/// The exchange's own files, where they are there.
#[test]
fn archive_files_are_read() {
    let Some(fixtures) = tests::shared_data("fixtures") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| fixtures.join(name).display().to_string();
    let spot = [
        file("archive-zip/BTCUSDT-1m-2023-03-24.zip"),
        file("archive-zip/ARBUSDT-1m-2023-03-23.zip"),
        file("archive-csv-spot/BTCUSDT-1h-2024-12.csv"),
        file("archive-csv-spot/BTCUSDT-1h-2025-01.csv"),
    ];
    let arguments: Vec<&str> = ["import"]
        .into_iter()
        .chain(spot.iter().map(String::as_str))
        .collect();
    let text = download(dir.path(), &arguments);
    assert!(
        text.contains("BTCUSDT  spot    1m        1360  1360"),
        "{text}"
    );
    assert!(
        text.contains("ARBUSDT  spot    1m         540   540"),
        "{text}"
    );
    assert!(
        text.contains("BTCUSDT  spot    1h        1488  1488"),
        "two months, 24 hours a day: {text}"
    );
    let futures = file("archive-csv-futures/AVAXUSDT-1m-2026-02.csv");
    let text = download(dir.path(), &["import", "--market", "futures", &futures]);
    assert!(
        text.contains("AVAXUSDT  futures  1m        40320  40320"),
        "{text}"
    );
    let audit = download(dir.path(), &["audit"]);
    assert!(audit.contains("80 from 2023-03-24"), "{audit}");
}

/// The simulated market in the store is the one that configs with `source = "simulated"` train on.
#[test]
fn a_simulated_market_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let set = [
        "--set",
        "data.simulated.coins=3",
        "--set",
        "data.simulated.minutes=300",
    ];
    let text = download(dir.path(), &[&["simulate"], &set[..]].concat());
    assert!(
        text.starts_with("3 coins, ") && text.ends_with(" of them new in data\n"),
        "{text}"
    );
    assert!(
        download(dir.path(), &[&["simulate"], &set[..]].concat()).contains(" 0 of them new"),
        "{text}"
    );
    let config = market::SimulatedConfig {
        coins: 3,
        minutes: 300,
        ..market::SimulatedConfig::default()
    };
    let expected = market::simulate(&config, Interval::ONE_MINUTE).unwrap();
    let store = Store::new(&dir.path().join("data"), Market::Spot, Interval::ONE_MINUTE);
    for coin in expected.coins {
        let stored = store
            .read(&coin.symbol, &[Column::Close], i64::MIN, i64::MAX)
            .unwrap();
        let closes: Vec<f64> = coin.candles.iter().map(|candle| candle.close).collect();
        assert_eq!(stored.column(Column::Close), closes);
    }
}

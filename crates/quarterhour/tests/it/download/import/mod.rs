//! `quarterhour import` of what other programs wrote: nothing lost, nothing changed, nothing taken for
//! what it is not.

mod columns;
mod refusals;

use std::fs;
use std::path::Path;

use dataset::{CandleTable, Column, Store};
use market::{Interval, Market, Symbol};

use crate::quarterhour;

/// 2024-01-01T00:00Z in seconds.
const START: i64 = 1_704_067_200;

const NAMES: &str = "open_time,symbol,open,high,low,close,volume\n";

/// Exit code, stdout and stderr.
fn import(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = quarterhour("import");
    let output = command.args(arguments).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// stderr of an import that goes well.
fn taken(dir: &Path, arguments: &[&str]) -> String {
    let (code, _, stderr) = import(dir, arguments);
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stderr
}

/// stderr of an import that is refused, and leaves no candle behind.
fn refused(dir: &Path, arguments: &[&str]) -> String {
    let (code, _, stderr) = import(dir, arguments);
    assert_eq!(code, 1, "{arguments:?} was taken: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(
        !dir.join("data/candles").exists(),
        "{arguments:?} left something behind"
    );
    stderr
}

fn stored(dir: &Path, interval: &str, symbol: &str) -> CandleTable {
    let store = Store::new(
        &dir.join("data"),
        Market::Spot,
        interval.parse::<Interval>().unwrap(),
    );
    store
        .read(
            &Symbol::new(symbol).unwrap(),
            &Column::ALL,
            i64::MIN,
            i64::MAX,
        )
        .unwrap()
}

/// `rows` rows of a file, `step` seconds apart.
fn rows(rows: i64, step: i64, row: impl Fn(i64) -> String) -> String {
    (0..rows)
        .map(|index| row(START + index * step) + "\n")
        .collect()
}

#[test]
fn symbols_of_the_whole_exchange_have_a_place_in_the_store() {
    let dir = tempfile::tempdir().unwrap();
    for symbol in ["\u{5e01}\u{5b89}\u{4eba}\u{751f}USDT", "BTCUSDT_231229"] {
        let name = format!("{symbol}-1m-2024-01-01.csv");
        fs::write(
            dir.path().join(&name),
            rows(3, 60, |s| {
                format!("{s}000,2,3,1,2.5,10,{}999,20,5,4,8,0", s + 59)
            }),
        )
        .unwrap();
        taken(dir.path(), &[&name]);
        assert_eq!(stored(dir.path(), "1m", symbol).len(), 3);
        assert!(
            dir.path()
                .join("data/candles/spot/1m")
                .join(symbol)
                .join("2024-01.parquet")
                .exists()
        );
        let audit = quarterhour("audit")
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(String::from_utf8(audit.stdout).unwrap().contains(symbol));
    }
}

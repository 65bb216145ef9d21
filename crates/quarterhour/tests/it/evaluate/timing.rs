//! `quarterhour timing` as a process: what it prints, writes and refuses.

use std::fs;
use std::path::Path;

use dataset::{CandleTable, Store};
use market::{Candle, Interval, Market, Symbol};

use super::{CONTROL_NAMES, evaluate, write_run};

/// A run of 800 minutes, and candles that its forecasts are right of: the price moves by the
/// forecast from the close after it to the next.
pub fn write_timed_run(dir: &Path, volume: Option<f64>) {
    write_run(&dir.join("a"), 0, 800, 15);
    let config = fs::read_to_string(dir.join("a/run.toml")).unwrap();
    fs::write(
        dir.join("a/run.toml"),
        config + "[universe]\nsymbols = []\n",
    )
    .unwrap();
    let store = Store::new(&dir.join("data"), Market::Spot, Interval::ONE_MINUTE);
    for (coin, name) in ["AUSDT", "BUSDT", "CUSDT"].into_iter().enumerate() {
        let mut close = 100.0;
        let candles: CandleTable = (0..900)
            .map(|time| {
                let known = (time - 2) * 7 + coin as i64 * 3;
                close *= 1.0 + (known.rem_euclid(11) as f64 - 5.5) * 1e-4;
                let price = Some(close).filter(|_| volume.is_some());
                Candle {
                    open: price,
                    high: price,
                    low: price,
                    volume,
                    ..Candle::close_only(time * 60_000, close)
                }
            })
            .collect();
        store
            .append(&Symbol::new(name).unwrap(), &candles, false)
            .unwrap();
    }
}

#[test]
fn savings_are_printed_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    write_timed_run(dir.path(), Some(2.0));
    let (json, _) = evaluate(
        dir.path(),
        &["timing", "a", "--deadline", "15m,1h", "--json"],
    );
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    let deadlines = found["deadlines"].as_array().unwrap();
    // An order has forecasts of its whole time: the last minutes begin none.
    assert_eq!(deadlines[0]["orders"], (800 - 14) * 3);
    assert_eq!(deadlines[1]["orders"], (800 - 59) * 3);
    let scores = deadlines[0]["forecasters"].as_array().unwrap();
    let names: Vec<&str> = scores
        .iter()
        .map(|score| score["name"].as_str().unwrap())
        .collect();
    assert_eq!((names[0], &names[1..]), ("network", &CONTROL_NAMES[..]));
    // By plain loops over the same orders in Python.
    for (deadline, expected) in deadlines.iter().zip([2.058_953_101_657, 2.058_060_050_328]) {
        let saved = &deadline["forecasters"][0]["saved"];
        let found = saved["mean_bps"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-9, "{found}, {expected}");
    }
    assert_eq!(scores[1]["saved"]["mean_bps"], 0.0, "zero is TWAP");
    // Volumes are equal: VWAP is TWAP.
    let of = |benchmark: &str| scores[0]["buy"][benchmark]["mean_bps"].as_f64().unwrap();
    assert!((of("vwap") - of("twap")).abs() < 1e-6, "{json}");

    let files = [
        "--html",
        "timing.html",
        "--folds",
        "2",
        "--every",
        "5m",
        "--half-spread-bps",
        "2",
        "--coins",
    ];
    let (text, notes) = evaluate(dir.path(), &[&["timing", "a"], &files[..]].concat());
    assert!(
        text.contains("folds 2: a buy and a sell each") && text.contains("within 240 min"),
        "{text}"
    );
    assert!(
        text.contains("network, within 15 min") && text.contains("BUSDT"),
        "{text}"
    );
    assert!(
        notes.contains("note: the report is in timing.html"),
        "{notes}"
    );
    let page = fs::read_to_string(dir.path().join("timing.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 4);
    assert!(
        page.contains(
            "quarterhour evaluate timing a --html timing.html --folds 2 --every 5m --half-spread-bps 2"
        ),
        "{page}"
    );
    assert!(!page.contains("NaN"), "{page}");
}

#[test]
fn candles_without_volumes_have_no_vwap() {
    let dir = tempfile::tempdir().unwrap();
    write_timed_run(dir.path(), None);
    let (json, _) = evaluate(dir.path(), &["timing", "a", "--deadline", "15m", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    let buy = &found["deadlines"][0]["forecasters"][0]["buy"];
    assert!(
        buy["vwap"]["mean_bps"].is_null() && buy["twap"]["mean_bps"].is_f64(),
        "{json}"
    );
}

#[test]
fn what_cannot_be_timed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_run(&dir.path().join("a"), 0, 200, 15);
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path());
    said.refused("no candles", &["timing", "a"]);
    write_timed_run(dir.path(), None);
    said.refused("half a bar", &["timing", "a", "--deadline", "90s"]);
    said.refused("too long", &["timing", "a", "--deadline", "1000m"]);
    said.refused(
        "a spread below nothing",
        &["timing", "a", "--half-spread-bps=-1"],
    );
    said.refused("no patience", &["timing", "a", "--patience", "nan"]);
    insta::assert_snapshot!("timing_errors", said.text);
}

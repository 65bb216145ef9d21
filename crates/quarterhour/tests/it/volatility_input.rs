//! What hostile candles get from the classical models of volatility: named, counted, and never a score without a
//! number nor a lost run.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::quarterhour;

const DAYS: i64 = 420;

/// A market of usual coins, of one that stands still from day 150 on (`FLAT`), one that moves by the same share every
/// day, so that its terciles are one number (`CALM`), one without volume and market cap (`ZERO`), one with 85 days
/// at the end (`NEW`), one that ends on day 280 (`GONE`), one with a jump (`JUMP`), and a row that cannot be.
fn candles() -> String {
    let names = [
        "BTC", "ETH", "ADA", "XRP", "LTC", "EOS", "FLAT", "ZERO", "NEW", "GONE", "CALM", "JUMP",
    ];
    let noise = |coin: i64, day: i64| {
        ((day * day * (53 + 2 * coin) + day * (7 + 11 * coin)) % 10_007) as f64 / 10_007.0 - 0.5
    };
    let start_ms = dataset::parse_time("2021-01-01").unwrap();
    let mut text = "date,symbol,open,high,low,close,volume,market_cap\n".to_owned();
    for (coin, name) in (0..).zip(names) {
        let mut open = 100.0_f64;
        for day in 0..DAYS {
            let size = 0.03 * (1 + day / 25 % 3) as f64 * (1.0 + 0.1 * coin as f64);
            let is_still = name == "FLAT" && day >= 150;
            let change = match name {
                _ if is_still => 0.0,
                "CALM" => 0.02 * if day % 2 == 0 { 1.0 } else { -1.0 },
                "JUMP" if day == 200 => 20.0_f64.ln(),
                _ => noise(coin, day) * size,
            };
            let close = open * change.exp();
            let reach = |shift: i64| {
                if is_still {
                    0.0
                } else {
                    0.2 * size * noise(coin + shift, day + shift).abs()
                }
            };
            let (high, low) = (
                open.max(close) * (1.0 + reach(3)),
                open.min(close) * (1.0 - reach(5)),
            );
            let volume = if name == "ZERO" {
                0.0
            } else {
                1000.0 + 100.0 * noise(coin, day + 9)
            };
            let has_cap = !matches!(name, "ZERO" | "ADA") && day % 50 != 7;
            let cap = if has_cap { close * 1e6 } else { 0.0 };
            let is_listed = (name != "NEW" || day >= DAYS - 85) && (name != "GONE" || day < 280);
            if is_listed {
                let date = dataset::format_time(start_ms + day * 86_400_000);
                let date = &date[..10];
                writeln!(
                    text,
                    "{date},{name}USDT,{open},{high},{low},{close},{volume},{cap}"
                )
                .unwrap();
            }
            open = close;
        }
    }
    text + "2021-03-05,BADUSDT,1,2,1,-1,5,9\n"
}

/// A subcommand in `dir`, which must succeed: what it printed and what it noted.
fn done(dir: &Path, arguments: &[&str]) -> (String, String) {
    let output = quarterhour(arguments[0])
        .current_dir(dir)
        .args(&arguments[1..])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), stderr)
}

/// Places of a JSON value that hold no number.
fn nulls(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(place.to_owned()),
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, value)| nulls(value, &format!("{place}.{name}"), found));
        }
        Value::Array(values) => {
            values
                .iter()
                .for_each(|value| nulls(value, &format!("{place}[]"), found));
        }
        _ => {}
    }
}

#[test]
fn hostile_candles_are_named_and_counted_and_every_score_is_a_number() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("all.csv"), candles()).unwrap();
    let (_, notes) = done(
        dir.path(),
        &["import", "--interval", "1d", "--drop-bad-rows", "all.csv"],
    );
    for told in [
        "row 4566 left out: BADUSDT",
        "market_cap is 0 or missing in",
    ] {
        assert!(notes.contains(told), "{notes}");
    }

    let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/volatility.toml");
    let sets = [
        "--config",
        config.to_str().unwrap(),
        "--set",
        "universe.without=[]",
        "--set",
        "split.folds=3",
        "--set",
        "regime.above=[0.05]",
    ];
    for (classes, quantiles) in [
        (3, "regime.quantiles=[0.3333, 0.6667]"),
        (2, "regime.quantiles=[0.9]"),
    ] {
        let runs = format!("runs-{classes}");
        let variants = [
            "--variant",
            "garch",
            "volatility.model=garch",
            "split.refit_every=7d",
            "--variant",
            "har-full",
            "volatility.model=har_full",
            "--variant",
            "two-stage",
            "volatility.model=two_stage",
            "--variant",
            "parts",
            "volatility.model=parts_harq",
            "split.refit_every=7d",
        ];
        let arguments = [
            &["volatility"],
            &sets[..],
            &["--set", quantiles, "--run", &runs],
            &variants,
        ]
        .concat();
        let (_, notes) = done(dir.path(), &arguments);
        assert!(
            notes.contains("1 returns are past a ratio of 6 (data.jump_ratio) and count as missing: of JUMPUSDT"),
            "{notes}"
        );
        let names =
            ["garch", "har-full", "two-stage", "parts"].map(|name| format!("{runs}/{name}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (json, _) = done(
            dir.path(),
            &[&["evaluate", "--json", "--block-days", "14"], &names[..]].concat(),
        );
        let report: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            report["coins"], 12,
            "none is lost: those that end, begin, stand still"
        );
        for score in &report["forecasters"].as_array().unwrap()[..names.len()] {
            assert_eq!(score["classes"].as_array().unwrap().len(), classes);
            let mut found = Vec::new();
            nulls(score, "", &mut found);
            // A coin whose weeks are all of one class has no area under a curve, and CALM, whose weeks and forecasts may
            // be one number, has no correlation.
            found.retain(|place| place != ".coins[].auc_high");
            let of_calm = [".coins[].r2", ".coins[].spearman"];
            assert!(
                found.is_empty() || found == of_calm,
                "{}: {found:?}",
                score["name"]
            );
        }
    }

    let run = [
        &["volatility"],
        &sets[..],
        &["--set", "volatility.model=garch", "--run", "alone"],
    ]
    .concat();
    let (told, _) = done(dir.path(), &run);
    for reason in [
        "fell back to the exponentially weighted mean",
        "with fewer than 100 returns",
        "alpha + beta is 1",
    ] {
        assert!(told.contains(reason), "{reason}: {told}");
    }
    assert!(
        told.contains("pairs") && told.contains("left out"),
        "{told}"
    );
}

//! The figures of made-up coins against those of polars and numpy (scripts/golden-eda.py).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use dataset::{CandleTable, Column, Config, DataConfig, Store, UniverseConfig};
use golden::{assert_close, floats, list, number, read, whole};
use market::Symbol;
use serde_json::Value;

use super::coin::CoinFigures;
use super::figures::Figures;
use super::text::text;
use super::{captions, document};

const DAY_MS: i64 = 86_400_000;

fn golden() -> Value {
    read(include_str!("../../tests/golden/eda.json"))
}

/// The golden candles in a store, and a config of all of them.
fn config(golden: &Value, dir: &Path) -> Config {
    let data = DataConfig {
        dir: dir.to_owned(),
        interval: "1d".parse().unwrap(),
        ..DataConfig::default()
    };
    let store = Store::new(&data.dir, data.market, data.interval);
    let first = golden["first_day"].as_i64().unwrap();
    for (name, coin) in golden["coins"].as_object().unwrap() {
        let column = |key: &str| floats(&coin[key]);
        let (closes, volumes, caps) = (column("close"), column("volume"), column("market_cap"));
        let row = |(place, day): (usize, &Value)| {
            let mut values = [f64::NAN; Column::ALL.len()];
            let at = |column: &[f64]| column.get(place).copied().unwrap_or(f64::NAN);
            values[Column::Close as usize] = at(&closes);
            values[Column::Volume as usize] = at(&volumes);
            values[Column::MarketCap as usize] = at(&caps);
            ((first + day.as_i64().unwrap()) * DAY_MS, values)
        };
        let candles: CandleTable = list(&coin["day"]).iter().enumerate().map(row).collect();
        store
            .append(&Symbol::new(name).unwrap(), &candles, false)
            .unwrap();
    }
    Config {
        data,
        universe: UniverseConfig {
            symbols: Vec::new(),
            ..UniverseConfig::default()
        },
        ..Config::default()
    }
}

fn figures() -> (Value, Figures) {
    let (golden, folder) = (golden(), tempfile::tempdir().unwrap());
    let figures = Figures::of(&config(&golden, folder.path())).unwrap();
    (golden, figures)
}

fn coin<'a>(figures: &'a Figures, name: &str) -> &'a CoinFigures {
    figures
        .coins
        .iter()
        .find(|coin| coin.symbol.as_str() == name)
        .unwrap()
}

/// Compares lists in which null is a value that neither has.
fn assert_series(name: &str, found: &[f64], expected: &Value) {
    let expected = floats(expected);
    assert_eq!(found.len(), expected.len(), "{name}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(
            found.is_nan(),
            expected.is_nan(),
            "{name} {place}: {found} {expected}"
        );
        if !expected.is_nan() {
            assert_close(&format!("{name} {place}"), Some(*found), expected);
        }
    }
}

#[test]
fn figures_of_each_coin_are_those_of_polars() {
    let (golden, figures) = figures();
    for (name, expected) in golden["figures"].as_object().unwrap() {
        let coin = coin(&figures, name);
        let returns = coin.returns.unwrap();
        assert_eq!(returns.count, whole(expected, "count"), "{name}");
        let found = [
            ("mean", Some(returns.mean)),
            ("std", Some(returns.std)),
            ("std", coin.volatility()),
            ("skewness", returns.skewness),
            ("excess_kurtosis", returns.excess_kurtosis),
            ("min", Some(returns.min)),
            ("max", Some(returns.max)),
            ("zero_share", Some(returns.zero_share)),
            ("autocorrelation", returns.autocorrelation),
            ("size_autocorrelation", returns.size_autocorrelation),
            ("missing_share", Some(coin.missing_share)),
            (
                "correlation_with_reference",
                coin.correlation_with_reference,
            ),
            ("per_day", coin.traded_per_day()),
            ("median_amount", coin.traded.map(|traded| traded.median)),
            ("without_trade", coin.traded.map(|traded| traded.zero_share)),
        ];
        for (key, found) in found {
            match expected[key].as_f64() {
                None => assert_eq!(found, None, "{name} {key}"),
                Some(value) => assert_close(&format!("{name} {key}"), found, value),
            }
        }
        assert_series(name, &returns.quantiles, &expected["quantiles"]);
        let caps = &expected["market_cap"];
        assert_eq!(coin.market_cap.is_some(), caps.is_object(), "{name}");
        if let Some(cap) = coin.market_cap {
            for (key, found) in [
                ("last", cap.last),
                ("mean", cap.mean),
                ("min", cap.min),
                ("max", cap.max),
            ] {
                assert_close(name, Some(found), number(caps, key));
            }
        }
    }
    let first = |symbol: &str| {
        figures
            .coins
            .iter()
            .position(|coin| coin.symbol.as_str() == symbol)
    };
    assert_eq!(first("BTCUSDT"), Some(0), "the most traded coin first");
    assert_eq!(first("GGGUSDT"), Some(9), "one without volumes last");
}

#[test]
fn figures_over_coins_are_those_of_numpy() {
    let (golden, figures) = figures();
    let (pairs, expected) = (figures.pairs.as_ref().unwrap(), &golden["pairs"]);
    assert_eq!(pairs.pairs, whole(expected, "count"));
    assert_close("mean", Some(pairs.mean), number(expected, "mean"));
    assert_close(
        "highest",
        Some(pairs.highest.correlation),
        number(expected, "highest"),
    );
    assert_close(
        "lowest",
        Some(pairs.lowest.correlation),
        number(expected, "lowest"),
    );
    assert_series("pairs", &pairs.quantiles, &expected["quantiles"]);
    assert_eq!(pairs.matrix.len(), 10);
    assert_eq!(pairs.matrix[3][7], pairs.matrix[7][3]);
    let sizes = figures.sizes.as_ref().unwrap();
    for (found, expected) in sizes.quartiles.iter().zip(list(&golden["quarters"])) {
        assert_eq!(found.coins, list(&expected["coins"]).len());
        let volatility = found.volatility.map(Option::unwrap);
        assert_series("quarter", &volatility, &expected["volatility"]);
    }
    let (caps, expected) = (figures.market_caps.unwrap(), &golden["market_caps"]);
    for (key, found) in [
        ("total", caps.total),
        ("largest_share", caps.largest_share),
        ("five_largest_share", caps.five_largest_share),
        ("effective_coins", caps.effective_coins),
    ] {
        assert_close(key, Some(found), number(expected, key));
    }
    let bins = figures.histograms.standardized_returns.bins.iter();
    let counts: Vec<usize> = bins.map(|bin| bin.count).collect();
    let expected: Vec<usize> = golden::integers::<i64>(&golden["standardized"])
        .into_iter()
        .map(|count| count as usize)
        .collect();
    assert_eq!(counts, expected);
    let tails: Vec<f64> = figures
        .histograms
        .tails
        .iter()
        .map(|tail| tail.share)
        .collect();
    assert_series("tails", &tails, &golden["tails"]);
    assert_close(
        "normal",
        Some(figures.histograms.tails[0].normal_share),
        0.002_699_796_063_260_2,
    );
}

#[test]
fn figures_over_time_are_those_of_polars() {
    let (golden, figures) = figures();
    let over_time = &figures.over_time;
    assert_eq!(over_time.times_ms.len(), 120);
    assert_series(
        "mean return",
        &over_time.mean_returns,
        &golden["mean_returns"],
    );
    let median = &over_time.volatility.of_all.median;
    assert_series("median volatility", median, &golden["median_volatility"]);
    for line in &over_time.volatility.largest {
        let expected = &golden["figures"][line.symbol.as_str()]["volatility"];
        assert_series(line.symbol.as_str(), &line.values, expected);
    }
    assert_series(
        "traded",
        &over_time.traded_per_day.total,
        &golden["total_traded"],
    );
    for (name, expected) in golden["rolling"].as_object().unwrap() {
        let lines = &over_time.correlation.largest;
        let line = lines
            .iter()
            .find(|line| line.symbol.as_str() == name)
            .unwrap();
        assert_series(name, &line.values, expected);
    }
}

#[test]
fn faults_are_those_that_were_planted() {
    let (golden, figures) = figures();
    let first = golden["first_day"].as_i64().unwrap();
    let day = |time_ms: i64| time_ms / DAY_MS - first;
    let of = |name: &str| &coin(&figures, name).faults;
    let longest = of("AAAUSDT").longest_hole.unwrap();
    assert_eq!((of("AAAUSDT").holes, of("AAAUSDT").missing_bars), (2, 4));
    assert_eq!((day(longest.from_ms), longest.bars), (20, 3));
    assert_eq!(day(of("BBBUSDT").jumps[0].time_ms), 50);
    assert_eq!(of("CCCUSDT").settled_ms.map(day), Some(101));
    assert_eq!(of("DDDUSDT").listed_ms.map(day), Some(25));
    assert_eq!(of("EEEUSDT").ended_ms.map(day), Some(89));
    assert!(!of("ETHUSDT").any());
    let sentences = captions::faults(&figures).join("\n");
    for words in [
        "2 holes with 4 bars missing in 1 coin; the longest is 3 bars of AAAUSDT from 2021-04-03.",
        "1 jump past a ratio of 6",
        "Settled, flat to the last candle: CCCUSDT.",
        "Ended before the others, delisted or renamed: EEEUSDT.",
        "Listed later than the first: DDDUSDT.",
    ] {
        assert!(sentences.contains(words), "{sentences}");
    }
}

/// A coin whose unit changed (closes times 9 from one day on) has gained nothing by that, and is counted.
#[test]
fn a_new_unit_is_not_the_best_gain() {
    let (_, figures) = figures();
    let coin = coin(&figures, "BBBUSDT");
    let step = coin.faults.jumps[0].ratio;
    assert!(step > 6.0, "{step}");
    let expected = (coin.last_close / coin.first_close / step).ln();
    assert_close("change", Some(coin.log_change), expected);
    let lines = &figures.over_time.log_prices.largest;
    let line = lines.iter().find(|line| line.symbol.as_str() == "BBBUSDT");
    assert_close(
        "line",
        line.and_then(|line| line.values.last().copied()),
        expected,
    );
    let caption = captions::prices(&figures);
    assert!(
        caption.contains(
            "1 step past a ratio of 6 that no `symbols.toml` explains, a new unit or a crash, counts as no change (BBBUSDT)"
        ),
        "{caption}"
    );
}

/// Every picture has its sentence, and the terminal has them too.
#[test]
fn every_picture_has_a_sentence() {
    let (_, figures) = figures();
    let html = document::document(&figures, "quarterhour eda").html();
    let pictures = html.matches("<figure").count();
    assert_eq!(pictures, 12);
    assert_eq!(html.matches("<figcaption").count(), pictures);
    let text = text(&figures);
    assert!(text.lines().count() < 70, "{text}");
    // Sentences are broken between words.
    assert!(text.lines().all(|line| line.len() <= 118), "{text}");
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        joined.contains(&captions::sizes(&figures).unwrap()),
        "{text}"
    );
    assert!(!html.contains("NaN"), "{html}");
}

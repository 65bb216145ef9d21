//! `relative` and `relative6` against plain formulas in numpy, by `scripts/golden-relative.py`.

use dataset::{CandleTable, Column, FeatureSet, Features, Panel, trailing_volatility};
use market::{Interval, Symbol};

const BARS: i64 = 1500;
const START_MS: i64 = 1_704_067_200_000;
const FIVE_MINUTES_MS: i64 = 300_000;

/// Values are kept in 32 bits; sums are in another order.
const TOLERANCE: f64 = 1e-6;

fn has_candle(t: i64, coin: i64) -> bool {
    let is_listed = coin != 4 || t >= 200;
    let is_out = coin == 3 && ((640..645).contains(&t) || (700..730).contains(&t));
    is_listed && !is_out
}

/// The candles of the script from bar `first` on: walks of integers.
fn panel(first: i64) -> Panel {
    let noise = |t: i64, coin: i64, a: i64, b: i64, modulus: i64| {
        (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10_007 % modulus
    };
    let of_coin = |coin: i64| {
        let mut candles = CandleTable::default();
        let mut open = 100_000 * (coin + 1);
        for t in 0..BARS {
            let of_all = (noise(t, 0, 7919, 104_729, 201) - 100) * (coin + 1);
            let close = open + of_all + noise(t, coin, 613, 17, 401) - 200;
            let high = open.max(close) + noise(t, coin, 31, 17, 97);
            let low = open.min(close) - noise(t, coin, 37, 5, 89);
            let mut row = [f64::NAN; Column::ALL.len()];
            row[..4].copy_from_slice(&[open, high, low, close].map(|ticks| ticks as f64 / 100.0));
            row[Column::Volume as usize] = noise(t, coin, 101, 11, 5000) as f64;
            if has_candle(t, coin) {
                candles.push_row(START_MS + t * FIVE_MINUTES_MS, row);
            }
            open = close;
        }
        (Symbol::new(&format!("COIN{coin}USDT")).unwrap(), candles)
    };
    let interval: Interval = "5m".parse().unwrap();
    let coins: Vec<_> = (0..5).map(of_coin).collect();
    let until = START_MS + BARS * FIVE_MINUTES_MS;
    let from = START_MS + first * FIVE_MINUTES_MS;
    Panel::build(&coins, interval, (from, until), 12, &Column::ALL)
}

fn relative6() -> FeatureSet {
    "relative6".parse().unwrap()
}

#[test]
fn features_equal_their_formulas() {
    let compared = equal_to_golden(
        FeatureSet::RELATIVE,
        include_str!("../golden/relative.json"),
    );
    assert!(compared > 1500, "{compared}");
    let compared = equal_to_golden(relative6(), include_str!("../golden/relative6.json"));
    assert!(compared > 300, "{compared}");
}

/// Compares a set with a file of the script, and returns how many values were known.
fn equal_to_golden(set: FeatureSet, golden: &str) -> usize {
    let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
    let panel = panel(0);
    let features = Features::all(set).of_bars("5m".parse().unwrap());
    let matrix = features.compute(&panel, 0..panel.rows());
    let names: Vec<String> = serde_json::from_value(golden["names"].clone()).unwrap();
    assert_eq!(names, features.names());
    let rows: Vec<usize> = serde_json::from_value(golden["rows"].clone()).unwrap();
    let values: Vec<Vec<Vec<Option<f64>>>> =
        serde_json::from_value(golden["values"].clone()).unwrap();
    let mut compared = 0;
    for (&row, values) in rows.iter().zip(&values) {
        for (coin, values) in values.iter().enumerate() {
            for ((name, expected), &found) in names.iter().zip(values).zip(matrix.cell(row, coin)) {
                let is_equal = expected.map_or(found.is_nan(), |expected| {
                    (f64::from(found) - expected).abs() <= TOLERANCE
                });
                assert!(
                    is_equal,
                    "{name} of {coin} at {row}: {found}, golden {expected:?}"
                );
                compared += usize::from(expected.is_some());
            }
        }
    }
    compared
}

#[test]
fn windows_in_time_have_the_bars_of_the_interval() {
    let warm_up = |set: FeatureSet| {
        ["1m", "5m", "1h"].map(|interval| {
            Features::all(set)
                .of_bars(interval.parse().unwrap())
                .warm_up_bars()
        })
    };
    assert_eq!(warm_up(FeatureSet::RELATIVE), [2881, 577, 49]);
    assert_eq!(warm_up(relative6()), [1441, 289, 25]);
}

#[test]
fn the_volatility_is_a_function_of_its_last_four_hours() {
    let (whole, late) = (panel(0), panel(500));
    let all = trailing_volatility(&whole, 0..whole.rows());
    let part = trailing_volatility(&late, 48..late.rows());
    let bits = |values: &[f64]| {
        values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&all[548 * 5..]), bits(&part));
    assert_eq!(
        bits(&all[700 * 5..701 * 5]),
        bits(&trailing_volatility(&whole, 700..701))
    );
    assert!(all[..48 * 5].iter().all(|value| value.is_nan()) && !all[48 * 5].is_nan());
}

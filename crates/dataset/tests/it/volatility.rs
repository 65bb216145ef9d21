//! `har_range` and `volatility` against plain formulas in pandas, by `scripts/golden-volatility.py`.

use dataset::{CandleTable, Column, FeatureConfig, FeatureSet, Features, Panel};
use market::Symbol;
use serde_json::Value;

/// The largest share of a value that it may be off; a value of 0 by as much.
const TOLERANCE: f64 = 1e-9;

const DAY_MS: i64 = 86_400_000;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/volatility.json")).unwrap()
}

/// The candles of the script: a null is a day without one.
fn panel(golden: &Value) -> Panel {
    let symbols = golden["symbols"].as_array().unwrap();
    let coins: Vec<_> = (symbols.iter())
        .zip(golden["candles"].as_array().unwrap())
        .map(|(symbol, days)| {
            let mut candles = CandleTable::default();
            for (day, values) in days.as_array().unwrap().iter().enumerate() {
                let Some(values) = values.as_array() else {
                    continue;
                };
                let mut row = [f64::NAN; Column::ALL.len()];
                for (cell, value) in row.iter_mut().zip(values) {
                    *cell = value.as_f64().unwrap();
                }
                candles.push_row(day as i64 * DAY_MS, row);
            }
            (Symbol::new(symbol.as_str().unwrap()).unwrap(), candles)
        })
        .collect();
    let days = golden["candles"][0].as_array().unwrap().len() as i64;
    let day = "1d".parse().unwrap();
    Panel::build(&coins, day, (0, days * DAY_MS), 0, &Column::ALL)
}

fn rows(golden: &Value) -> Vec<usize> {
    let rows = golden["rows"].as_array().unwrap().iter();
    rows.map(|row| row.as_u64().unwrap() as usize).collect()
}

fn assert_equal(name: &str, found: f64, expected: &Value) {
    match expected.as_f64() {
        None => assert!(found.is_nan(), "{name} is {found}, expected nothing"),
        Some(expected) => assert!(
            (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0),
            "{name} is {found}, expected {expected}"
        ),
    }
}

#[test]
fn volatilities_equal_those_of_pandas() {
    let golden = golden();
    let panel = panel(&golden);
    let features = FeatureSet::HAR_RANGE.formulas();
    for coin in 0..panel.coins() {
        let found = features.of_coin(&panel, coin, 0..panel.rows());
        for (feature, series) in features.features().iter().zip(&found) {
            let golden_rows = golden["har_range"][feature.name].as_array().unwrap();
            for (row, expected) in rows(&golden).into_iter().zip(golden_rows) {
                let name = format!("{} of coin {coin} on day {row}", feature.name);
                assert_equal(&name, series[row], &expected[coin]);
            }
        }
    }
}

/// Values are kept in 32 bits.
const ROUNDING: f64 = 1.2e-7;

#[test]
fn groups_equal_those_of_pandas() {
    let golden = golden();
    let panel = panel(&golden);
    let set: FeatureSet = "volatility".parse().unwrap();
    let features = Features::all(set).of_bars(panel.interval());
    let matrix = features.compute(&panel, 0..panel.rows());
    let of_ta_lib = ["atr_14", "bollinger_width", "rsi_14", "macd"];
    for (place, name) in features.names().into_iter().enumerate() {
        let golden_rows = &golden["volatility"][name];
        if of_ta_lib
            .iter()
            .any(|indicator| name.starts_with(indicator))
        {
            assert!(
                golden_rows.is_null() && !matrix.cell(180, 1)[place].is_nan(),
                "{name}"
            );
            continue;
        }
        for (row, expected) in rows(&golden)
            .into_iter()
            .zip(golden_rows.as_array().unwrap())
        {
            for coin in 0..panel.coins() {
                let found = f64::from(matrix.cell(row, coin)[place]);
                let name = format!("{name} of coin {coin} on day {row}");
                match expected[coin].as_f64() {
                    None => assert!(found.is_nan(), "{name} is {found}, expected nothing"),
                    Some(expected) => assert!(
                        (found - expected).abs() <= ROUNDING * expected.abs() + 1e-9,
                        "{name} is {found}, expected {expected}"
                    ),
                }
            }
        }
    }
}

/// Groups are as they are in the whole set, whichever are chosen with them.
#[test]
fn groups_are_chosen_one_by_one() {
    let golden = golden();
    let panel = panel(&golden);
    let set: FeatureSet = "volatility".parse().unwrap();
    let all = Features::all(set).of_bars(panel.interval());
    let whole = all.compute(&panel, 0..panel.rows());
    for group in ["realized", "lags", "rsi", "bitcoin", "market", "volume"] {
        let config = FeatureConfig {
            set,
            groups: vec![group.to_owned()],
            ..FeatureConfig::default()
        };
        let chosen = config.chosen(panel.interval());
        let first = all
            .names()
            .iter()
            .position(|name| *name == chosen.names()[0])
            .unwrap();
        let matrix = chosen.compute(&panel, 150..200);
        for row in 150..200 {
            for coin in 0..panel.coins() {
                for (place, found) in matrix.cell(row - 150, coin).iter().enumerate() {
                    let expected = whole.cell(row, coin)[first + place];
                    // The indicators of the whole set need the warm-up of the longest of them.
                    assert!(
                        found.to_bits() == expected.to_bits() || expected.is_nan(),
                        "{group} {place} of coin {coin} on day {row}: {found} {expected}"
                    );
                }
            }
        }
    }
}

/// Later rows alone have the same bits, and so has the matrix that forecasters see, in 32 bits.
#[test]
fn rows_are_the_same_whoever_asks() {
    let golden = golden();
    let panel = panel(&golden);
    let features = FeatureSet::HAR_RANGE.formulas();
    let whole = features.of_coin(&panel, 1, 0..panel.rows());
    let part = features.of_coin(&panel, 1, 150..180);
    for (whole, part) in whole.iter().zip(&part) {
        assert_eq!(whole[150..180], part[..]);
    }
    let chosen = Features::all(FeatureSet::HAR_RANGE).of_bars(panel.interval());
    let matrix = chosen.compute(&panel, 150..180);
    for (feature, series) in part.iter().enumerate() {
        assert_eq!(matrix.cell(29, 1)[feature], series[29] as f32);
    }
    assert_eq!(chosen.warm_up_bars(), 731);
}

/// On bars of six hours a day is four of them: the same prices have the same volatility per day.
#[test]
fn windows_are_days_on_any_bars() {
    let hours = 6;
    let mut candles = CandleTable::default();
    for bar in 0..200_i64 {
        // Up and down by a hundredth of a logarithm.
        let close = if bar % 2 == 0 {
            100.0
        } else {
            100.0 * 0.01_f64.exp()
        };
        let open = if bar % 2 == 0 {
            100.0 * 0.01_f64.exp()
        } else {
            100.0
        };
        let mut row = [f64::NAN; Column::ALL.len()];
        row[..4].copy_from_slice(&[open, open.max(close), open.min(close), close]);
        if bar != 60 {
            candles.push_row(bar * hours * 3_600_000, row);
        }
    }
    let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
    let panel = Panel::build(
        &coins,
        "6h".parse().unwrap(),
        (0, 200 * hours * 3_600_000),
        0,
        &Column::ALL,
    );
    let found = FeatureSet::HAR_RANGE.formulas().of_coin(&panel, 0, 0..200);
    let of_day = |variance: f64| (4.0 * variance).sqrt().ln();
    let squared = 0.01_f64.powi(2);
    let expected = [
        of_day(squared),
        of_day(squared / (4.0 * std::f64::consts::LN_2)),
        of_day(squared * (1.5 - 2.0 * std::f64::consts::LN_2)),
    ];
    for (group, expected) in expected.into_iter().enumerate() {
        for window in 0..3 {
            let value = found[3 * group + window][190];
            assert!((value - expected).abs() < 1e-9, "{group} {window}: {value}");
        }
    }
    assert!(
        (found[9][199] - expected[2]).abs() < 1e-9,
        "level {}",
        found[9][199]
    );
    assert!(found[0][61].is_nan() && found[0][64].is_nan() && found[0][65].is_finite());
    // 120 bars of a month may lack one, and the hole takes two returns.
    assert!(found[2][150].is_nan() && found[2][182].is_finite());
}

/// Sums over the last bars of five minutes, by the formula itself.
#[test]
fn hours_and_days_of_short_bars_are_those_of_the_formula() {
    let close = |bar: i64| 100.0 + ((bar * bar * 7919) % 101) as f64 / 50.0;
    let (bars, step) = (24 * 288_i64, 300_000);
    let mut candles = CandleTable::default();
    for bar in 0..bars {
        let mut row = [f64::NAN; Column::ALL.len()];
        row[..4].copy_from_slice(&[close(bar); 4]);
        candles.push_row(bar * step, row);
    }
    let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
    let range = (0, bars * step);
    let panel = Panel::build(&coins, "5m".parse().unwrap(), range, 0, &[]);
    let set = FeatureSet::HAR_INTRADAY.formulas();
    let found = set.of_coin(&panel, 0, 0..bars as usize);
    let row = bars - 1;
    let squared = |bar: i64| (close(bar) / close(bar - 1)).ln().powi(2);
    for (feature, window) in found.iter().zip([24, 72, 288, 7 * 288, 22 * 288]) {
        let sum: f64 = (row + 1 - window..=row).map(squared).sum();
        let expected = (sum / window as f64 * 288.0).sqrt().ln();
        let value = feature[row as usize];
        assert!(
            (value - expected).abs() < 1e-9,
            "{window}: {value}, expected {expected}"
        );
    }
    let known: Vec<f64> = (found[2].iter().copied())
        .filter(|value| value.is_finite())
        .collect();
    // The first two of a day's 288 returns may be missing, and the very first one is.
    assert_eq!(known.len() as i64, bars - 286);
    let level = known.iter().sum::<f64>() / known.len() as f64;
    assert!((found[5][row as usize] - level).abs() < 1e-9);
    assert!(found[5][22 * 288].is_nan() && found[4][21 * 288].is_nan());
}

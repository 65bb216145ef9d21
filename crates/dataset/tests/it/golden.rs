//! `indicators` and `indicators50` against Python TA-Lib, by `scripts/golden-indicators.py`.

use dataset::{CandleTable, Column, Features, Panel};
use market::{Interval, Symbol};

const BARS: i64 = 5000;
const START_MS: i64 = 1_617_325_200_000;

/// How far an indicator that restarts 240 bars before its row may be from the one over the full
/// history, in its own standard deviations. The average of 50 bars forgets slowest; the others stay
/// below a tenth of this.
const FULL_HISTORY: f64 = 5e-4;

/// Values are kept in 32 bits.
const ROUNDING: f64 = 1.2e-7;

/// The bars of the script: a walk of integers.
fn panel() -> Panel {
    let noise = |t: i64, a: i64, b: i64, modulus: i64| (t * t * a + t * b) % 10_007 % modulus;
    let mut candles = CandleTable::default();
    let mut open = 100_000;
    for t in 0..BARS {
        let close = open + noise(t, 7919, 104_729, 401) - 200;
        let high = open.max(close) + noise(t, 31, 17, 97);
        let low = open.min(close) - noise(t, 37, 5, 89);
        let mut row = [f64::NAN; Column::ALL.len()];
        let prices = [open, high, low, close].map(|ticks| ticks as f64 / 100.0);
        row[..4].copy_from_slice(&prices);
        row[Column::Volume as usize] = noise(t, 101, 11, 5000) as f64;
        candles.push_row(START_MS + t * 3_600_000, row);
        open = close;
    }
    let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
    let interval: Interval = "1h".parse().unwrap();
    Panel::build(
        &coins,
        interval,
        (START_MS, START_MS + BARS * interval.ms()),
        60,
        &Column::ALL,
    )
}

#[test]
fn indicators_equal_python_ta_lib() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../golden/indicators.json")).unwrap();
    let rows: Vec<usize> = golden["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_u64().unwrap() as usize)
        .collect();
    let panel = panel();
    for set in [
        "indicators".parse().unwrap(),
        "indicators50".parse().unwrap(),
    ] {
        let features = Features::all(set);
        assert_eq!(
            golden["sets"][set.name()].as_object().unwrap().len(),
            features.len()
        );
        let matrix = features.compute(&panel, 0..panel.rows());
        for (place, name) in features.names().into_iter().enumerate() {
            let golden = &golden["sets"][set.name()][name];
            let std = golden["std"].as_f64().unwrap();
            let is_recursive = golden.get("restarted").is_some();
            for (index, &row) in rows.iter().enumerate() {
                let found = f64::from(matrix.cell(row, 0)[place]);
                let check = |of: &str, tolerance: f64| {
                    let expected = golden[of][index].as_f64().unwrap();
                    let off = (found - expected).abs();
                    assert!(
                        off <= ROUNDING * expected.abs() + tolerance,
                        "{name} at {row}: {found}, {of} {expected}"
                    );
                };
                // A billionth: sums in another order.
                if is_recursive {
                    check("restarted", 1e-9 * std);
                    check("full", FULL_HISTORY * std);
                } else {
                    check("full", 1e-9 * std);
                }
            }
        }
    }
}

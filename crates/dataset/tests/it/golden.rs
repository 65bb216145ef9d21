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

/// The bars of the script, which are of an hour: a walk of integers.
fn panel(interval: &str) -> Panel {
    let interval: Interval = interval.parse().unwrap();
    // A bar's time is a multiple of its length.
    let start_ms = START_MS.div_euclid(interval.ms()) * interval.ms();
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
        candles.push_row(start_ms + t * interval.ms(), row);
        open = close;
    }
    let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
    Panel::build(
        &coins,
        interval,
        (start_ms, start_ms + BARS * interval.ms()),
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
    let panel = panel("1h");
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

/// On bars of a day an indicator restarts 120 bars before its row: so far it may be from the one
/// that restarts 240 bars before, in its own standard deviations. The average of 50 bars forgets
/// slowest; the others stay below half of this.
const OF_DAYS: f64 = 0.1;

#[test]
fn indicators_of_days_need_half_the_history() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../golden/indicators.json")).unwrap();
    let (hours, days) = (panel("1h"), panel("1d"));
    for name in ["indicators", "indicators50"] {
        let all = Features::all(name.parse().unwrap());
        let of_days = all.clone().of_bars(days.interval());
        assert_eq!((all.warm_up_bars(), of_days.warm_up_bars()), (240, 120));
        let first = of_days.compute(&days, 118..120);
        assert!(first.cell(0, 0).iter().all(|value| value.is_nan()));
        assert!(first.cell(1, 0).iter().all(|value| !value.is_nan()));
        let rows = 300..BARS as usize;
        let [long, short] = [(&all, &hours), (&of_days, &days)]
            .map(|(features, panel)| features.compute(panel, rows.clone()));
        let calendar = ["day_of_week", "month", "quarter", "is_weekend"];
        let mut off_by = Vec::new();
        for (place, feature) in all.names().into_iter().enumerate() {
            if calendar.iter().any(|name| feature.starts_with(name)) {
                continue;
            }
            let std = golden["sets"][name][feature]["std"].as_f64().unwrap();
            let off = (0..rows.len()).map(|row| {
                let (a, b) = (long.cell(row, 0)[place], short.cell(row, 0)[place]);
                f64::from((a - b).abs()) / std
            });
            let most = off.fold(0.0, f64::max);
            let allowed = match feature {
                "ema_ratio_50" => OF_DAYS,
                _ => OF_DAYS / 2.0,
            };
            off_by.extend((most > allowed).then(|| format!("{feature}: {most}")));
        }
        assert!(off_by.is_empty(), "{}", off_by.join("\n"));
    }
}

//! Controls of daily prices: what who knows no better says of a price some days ahead, as returns.
//!
//! That the price stays as it is needs no control of its own: it is the control `zero`.

use market::Interval;

use super::control::{Control, ControlSign};
use crate::{Column, Panel};

const DAY_MS: i64 = 86_400_000;

/// Days that the drift is measured over.
const DRIFT_DAYS: usize = 60;

/// Days of a season.
const SEASON_DAYS: usize = 7;

/// The controls of a return over so many days, for bars of a day; none for shorter ones.
///
/// `drift_60d`: the price goes on as it did, on average, over the last 60 days, `(close[t] /
/// close[t - 60])^(h / 60) - 1`. `seasonal_7d`: the price is what it was at the last day of the same
/// weekday, `close[t + h - 7 k] / close[t] - 1` with the smallest k that makes it known at t; over
/// whole weeks that is the price at t, and so 0.
pub fn price_controls(interval: Interval, horizon_bars: usize) -> Vec<Control> {
    if interval.ms() < DAY_MS {
        return Vec::new();
    }
    let seasons = horizon_bars.div_ceil(SEASON_DAYS) * SEASON_DAYS;
    let back = seasons - horizon_bars;
    let share = horizon_bars as f64 / DRIFT_DAYS as f64;
    let drift = move |panel: &Panel, row: usize, coin: usize| {
        1.0 / change_back(panel, row, DRIFT_DAYS, coin).powf(share) - 1.0
    };
    let seasonal =
        move |panel: &Panel, row: usize, coin: usize| change_back(panel, row, back, coin) - 1.0;
    vec![
        Control::of_each(format!("drift_{DRIFT_DAYS}d"), ControlSign::AsIs, drift),
        Control::of_each(
            format!("seasonal_{SEASON_DAYS}d"),
            ControlSign::AsIs,
            seasonal,
        ),
    ]
}

/// `close[row - back] / close[row]`; NaN where one is unknown.
fn change_back(panel: &Panel, row: usize, back: usize, coin: usize) -> f64 {
    let close = |row| panel.value(Column::Close, row, coin);
    let before = row.checked_sub(back).map(close);
    before.unwrap_or(f64::NAN) / close(row)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::Symbol;

    use super::*;
    use crate::CandleTable;

    /// One coin whose close is 100 + row on 100 days, without the 50th.
    fn panel(interval: &str) -> Panel {
        let interval: Interval = interval.parse().unwrap();
        let mut candles = CandleTable::default();
        for row in (0..100_i64).filter(|row| *row != 50) {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = 100.0 + row as f64;
            candles.push_row(row * interval.ms(), values);
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        Panel::build(&coins, interval, (0, 100 * interval.ms()), 0, &[])
    }

    fn value(name: &str, horizon: usize, row: usize) -> f64 {
        let panel = panel("1d");
        let controls = price_controls(panel.interval(), horizon);
        let found = controls.iter().find(|control| control.column.name == name);
        found.unwrap().values(&panel, row..row + 1)[0]
    }

    #[test]
    fn they_say_what_their_names_do() {
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-12, "{found}, {expected}");
        };
        // From 120 to 180 in 60 days.
        close(value("drift_60d", 1, 80), 1.5_f64.powf(1.0 / 60.0) - 1.0);
        close(value("drift_60d", 14, 80), 1.5_f64.powf(14.0 / 60.0) - 1.0);
        // In a day it is the weekday of six days ago, in eight days the same.
        close(value("seasonal_7d", 1, 80), 174.0 / 180.0 - 1.0);
        close(value("seasonal_7d", 8, 80), 174.0 / 180.0 - 1.0);
        close(value("seasonal_7d", 3, 80), 176.0 / 180.0 - 1.0);
        close(value("seasonal_7d", 7, 80), 0.0);
        close(value("seasonal_7d", 14, 80), 0.0);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        assert!(value("drift_60d", 1, 59).is_nan());
        assert!(value("seasonal_7d", 1, 5).is_nan());
        assert!(value("seasonal_7d", 1, 56).is_nan(), "day 50 is missing");
        assert!(price_controls("12h".parse().unwrap(), 2).is_empty());
    }
}

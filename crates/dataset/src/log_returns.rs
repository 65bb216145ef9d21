//! Log returns of a coin that can be trusted.

use std::ops::Range;

use crate::{Column, Panel};

/// ln(close[t] / close[t - 1]) of a coin at some rows; NaN where either bar was not observed.
pub fn log_returns(panel: &Panel, coin: usize, rows: Range<usize>) -> Vec<f64> {
    let limit = 6.0_f64.ln();
    let of_row = |row: usize| {
        let Some(before) = row.checked_sub(1) else {
            return f64::NAN;
        };
        if !panel.is_observed(row, coin) || !panel.is_observed(before, coin) {
            return f64::NAN;
        }
        let close = |row| panel.value(Column::Close, row, coin);
        let value = (close(row) / close(before)).ln();
        if value.abs() <= limit {
            value
        } else {
            f64::NAN
        }
    };
    rows.map(of_row).collect()
}

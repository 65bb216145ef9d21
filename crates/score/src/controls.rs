//! Forecasters that know nothing or next to nothing: what a model has to beat.

use crate::rows::{ForecastColumn, Rows};

/// Name of the control that forecasts 0.
const ZERO: &str = "zero";

/// The controls on these rows: zero, then the target's own, as 0 where they are unknown.
pub fn controls(rows: &Rows) -> Vec<ForecastColumn> {
    let known = |value: &f64| if value.is_nan() { 0.0 } else { *value };
    let own = rows.controls.iter().map(|control| ForecastColumn {
        forecast: control.forecast.iter().map(known).collect(),
        ..control.clone()
    });
    let zero = ForecastColumn::control(ZERO, vec![0.0; rows.len()]);
    std::iter::once(zero).chain(own).collect()
}

/// Rows of each coin within a range of rows, in the order of the symbols.
pub(crate) fn rows_of_coins(rows: &Rows, range: std::ops::Range<usize>) -> Vec<Vec<usize>> {
    let mut coins = vec![Vec::new(); rows.symbols.len()];
    for row in range {
        if let Some(coin) = coins.get_mut(rows.symbol[row] as usize) {
            coin.push(row);
        }
    }
    coins
}

/// True for a control of what the rows do not know: it has no score, and its error would be that of
/// `zero`.
pub(crate) fn is_unknown(forecaster: &ForecastColumn) -> bool {
    let is_zero = || forecaster.forecast.iter().all(|value| *value == 0.0);
    forecaster.is_control() && forecaster.name != ZERO && is_zero()
}

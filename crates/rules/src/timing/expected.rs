//! What orders are decided by: the expected returns of the coins beside each other.

use score::{ReturnPart, Rows, calibrations};

/// Forecasts of which every row can be traded on: expected returns where earlier folds say what
/// forecasts are worth, and forecasts minus their mean over coins where nothing is known yet.
pub(super) fn expected(rows: &Rows, forecast: &[f64]) -> Vec<f64> {
    let before = calibrations(rows, forecast, ReturnPart::Own);
    let mut own = ReturnPart::Own.of(rows, forecast);
    let mut place = 0;
    for (row, value) in own.iter_mut().enumerate() {
        while before[place].fold.is_some_and(|fold| fold < rows.fold[row]) {
            place += 1;
        }
        if let Some(slope) = before[place].slope(rows.symbol[row] as usize) {
            *value *= slope;
        }
    }
    own
}

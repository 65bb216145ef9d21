//! The indicator rule that answers where no model loads.

use dataset::{Column, Panel};

/// Bars of the relative strength index.
const RSI_BARS: usize = 14;

/// Bars of the volatility that scales the answer.
const VOLATILITY_BARS: usize = 60;

/// The share of the horizon's volatility that the strongest signal forecasts: a correlation of
/// 0.05, of which a rule this simple can only dream.
const SHARE: f64 = 0.05;

/// How many bars up to t the rule looks at.
pub const HISTORY_BARS: usize = VOLATILITY_BARS + 1;

/// Against the last move where the relative strength index is below 30 or above 70, else 0; in the
/// target's unit.
///
/// The index is J. Welles Wilder's (*New Concepts in Technical Trading Systems*, 1978) with a plain
/// mean over 14 bars.
pub fn rule(panel: &Panel, row: usize, coin: usize, horizon_bars: usize) -> Result<f64, String> {
    let closes: Vec<f64> = (row.saturating_sub(VOLATILITY_BARS)..=row)
        .map(|row| panel.value(Column::Close, row, coin))
        .collect();
    if closes.len() < HISTORY_BARS || closes.iter().any(|close| close.is_nan()) {
        return Err(format!(
            "the indicator rule needs {HISTORY_BARS} closes in a row"
        ));
    }
    let returns: Vec<f64> = closes
        .windows(2)
        .map(|pair| pair[1] / pair[0] - 1.0)
        .collect();
    let last = &returns[returns.len() - RSI_BARS..];
    let gains: f64 = last.iter().filter(|change| **change > 0.0).sum();
    let moves: f64 = last.iter().map(|change| change.abs()).sum();
    let strength = if moves > 0.0 {
        100.0 * gains / moves
    } else {
        50.0
    };
    let volatility =
        (returns.iter().map(|change| change * change).sum::<f64>() / returns.len() as f64).sqrt();
    let size = SHARE * volatility * (horizon_bars as f64).sqrt();
    Ok(match strength {
        strength if strength < 30.0 => size,
        strength if strength > 70.0 => -size,
        _ => 0.0,
    })
}

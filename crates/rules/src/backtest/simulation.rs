//! The bars of a backtest: what positions earned, and what changing them cost.
//!
//! A position is a part of the capital, decided anew at every row, and the change from the row
//! before is traded. Where the coin's next row is missing, or what a position earned is not known,
//! it is closed at the end of its bar, which is traded too; so is what is open at the end.

use crate::backtest::bars::{BarGrid, CoinBars};

/// One bar's figures, as parts of the capital.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct BarResult {
    /// Profit before fees.
    pub gross: f64,
    /// Sum of the sizes of what was traded.
    pub traded: f64,
    /// Sum of the sizes of the positions.
    pub exposure: f64,
}

impl BarResult {
    /// Profit after a fee of this part of what is traded.
    pub fn net(&self, fee: f64) -> f64 {
        self.gross - fee * self.traded
    }
}

/// The bars of one coin, one a row, and the positions whose bar's return is unknown.
pub(super) fn coin_bars(coin: &CoinBars, position: &[f64]) -> (Vec<BarResult>, usize) {
    let (mut held, mut unknown) = (0.0, 0);
    let bars = (0..coin.places.len())
        .map(|row| {
            let wanted = position[coin.places[row] as usize];
            let earned = coin.earned[row];
            unknown += usize::from(wanted != 0.0 && earned.is_nan());
            let mut bar = BarResult {
                gross: 0.0,
                traded: f64::abs(wanted - held),
                exposure: wanted.abs(),
            };
            if !earned.is_nan() {
                bar.gross = wanted * earned;
            }
            held = if coin.goes_on[row] { wanted } else { 0.0 };
            bar.traded += (wanted - held).abs();
            bar
        })
        .collect();
    (bars, unknown)
}

/// The bars of the whole capital, one a time, and the positions whose bar's return is unknown.
pub(super) fn portfolio_bars(bars: &BarGrid, weight: &[f64]) -> (Vec<BarResult>, usize) {
    let mut sum = vec![BarResult::default(); bars.time_ms.len()];
    let mut unknown = 0;
    for coin in &bars.coins {
        let (of_coin, missing) = coin_bars(coin, weight);
        unknown += missing;
        for (bar, &time) in of_coin.iter().zip(&coin.time) {
            let total = &mut sum[time as usize];
            total.gross += bar.gross;
            total.traded += bar.traded;
            total.exposure += bar.exposure;
        }
    }
    (sum, unknown)
}

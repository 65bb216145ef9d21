//! Candles that a forecast is made from.

use dataset::{CandleTable, Config};
use market::Symbol;

/// Candles of all coins up to the one that a forecast is made at.
#[derive(Debug, Clone)]
pub struct History {
    /// Open time of the last candle used.
    pub at_ms: i64,
    /// Candles by coin, in the order of the universe.
    pub coins: Vec<(Symbol, CandleTable)>,
}

/// A coin whose last candle the exchange does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingCoin {
    /// The coin.
    pub symbol: Symbol,
    /// Why, in one line.
    pub reason: String,
}

/// Open time of the first of `bars` bars, the last of which opens at `at_ms`.
pub(crate) fn first_ms(config: &Config, bars: usize, at_ms: i64) -> i64 {
    at_ms - (bars as i64 - 1) * config.data.interval.ms()
}

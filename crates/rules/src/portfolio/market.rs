//! What portfolios are traded on: the last known close of every bar and coin, and what was traded
//! in it.

use std::ops::Range;

use score::Rows;

use crate::Prices;
use crate::error::Error;

pub(super) const DAY_MS: i64 = 86_400_000;

/// Closes and values traded, `[bars, coins]`, of the coins of some rows.
pub(super) struct Market {
    start_ms: i64,
    bar_ms: i64,
    coins: usize,
    /// Last known close; NaN before the first.
    marks: Vec<f64>,
    /// Value traded in the quote currency; 0 where a coin has no candle, without a limit where the
    /// candles have no volumes.
    traded: Vec<f64>,
}

impl Market {
    /// The market of the coins of `rows`, in their order.
    ///
    /// # Errors
    /// A coin that has no prices, prices of another bar, columns of different lengths.
    pub fn new(prices: &Prices, rows: &Rows) -> Result<Self, Error> {
        prices.check()?;
        let place = |symbol: &String| {
            let found = prices.symbols.iter().position(|other| other == symbol);
            found.ok_or_else(|| Error::NoPrices {
                symbol: symbol.clone(),
                time_ms: None,
            })
        };
        let places: Vec<usize> = rows.symbols.iter().map(place).collect::<Result<_, _>>()?;
        let (bars, coins) = (prices.bars(), places.len());
        let mut last = vec![f64::NAN; coins];
        let (mut marks, mut traded) = (Vec::new(), Vec::new());
        for bar in 0..bars {
            for (last, place) in last.iter_mut().zip(&places) {
                let cell = bar * prices.symbols.len() + place;
                let close = prices.close[cell];
                traded.push(match &prices.volume {
                    _ if !is_price(close) => 0.0,
                    None => f64::INFINITY,
                    Some(volume) if volume[cell] > 0.0 => close * volume[cell],
                    Some(_) => 0.0,
                });
                if is_price(close) {
                    *last = close;
                }
                marks.push(*last);
            }
        }
        Ok(Self {
            start_ms: prices.start_ms,
            bar_ms: prices.bar_ms,
            coins,
            marks,
            traded,
        })
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.coins
    }

    /// Number of bars.
    pub fn bars(&self) -> usize {
        self.marks.len() / self.coins.max(1)
    }

    /// Last known close of a coin at the end of a bar.
    pub fn mark(&self, bar: usize, coin: usize) -> f64 {
        self.marks[bar * self.coins + coin]
    }

    /// Value of a coin that was traded in a bar.
    pub fn traded(&self, bar: usize, coin: usize) -> f64 {
        self.traded[bar * self.coins + coin]
    }

    /// Number since 1970 of the UTC day that a bar opens in.
    pub fn day(&self, bar: usize) -> i64 {
        (self.start_ms + bar as i64 * self.bar_ms).div_euclid(DAY_MS)
    }

    /// The first bar that opens in a UTC day; the first of all where the day begins before it.
    pub fn first_bar_of(&self, day: i64) -> usize {
        let offset_ms = day * DAY_MS - self.start_ms + self.bar_ms - 1;
        usize::try_from(offset_ms.div_euclid(self.bar_ms)).unwrap_or(0)
    }

    /// The bar of a forecast's time.
    ///
    /// # Errors
    /// A time at which there are no prices, by a coin that has a forecast there.
    pub fn bar_of(&self, time_ms: i64, symbol: &str) -> Result<usize, Error> {
        let offset_ms = time_ms - self.start_ms;
        let bar = usize::try_from(offset_ms.div_euclid(self.bar_ms)).ok();
        let found = bar.filter(|bar| offset_ms % self.bar_ms == 0 && *bar < self.bars());
        found.ok_or_else(|| Error::NoPrices {
            symbol: symbol.to_owned(),
            time_ms: Some(time_ms),
        })
    }

    /// Bars in so many days, at least 1.
    pub fn bars_of_days(&self, days: f64) -> usize {
        ((days * DAY_MS as f64 / self.bar_ms as f64) as usize).max(1)
    }
}

/// Returns true for a close that is known; an unknown one is NaN.
pub(super) fn is_price(close: f64) -> bool {
    close > 0.0
}

/// The bars of each fold, from its first forecast to the first of the next one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoldBars {
    /// The fold's number.
    pub fold: u32,
    /// Its bars.
    pub bars: Range<usize>,
}

impl FoldBars {
    /// Of all folds, in order of time.
    ///
    /// # Errors
    /// Forecasts at a time without prices.
    pub fn of(rows: &Rows, market: &Market) -> Result<Vec<Self>, Error> {
        let mut folds: Vec<Self> = Vec::new();
        for (row, (fold, time_ms)) in rows.fold.iter().zip(&rows.time_ms).enumerate() {
            let is_new = folds.last().is_none_or(|last| last.fold != *fold);
            let is_last = rows.fold.get(row + 1) != Some(fold);
            if !(is_new || is_last) {
                continue;
            }
            let bar = market.bar_of(*time_ms, &rows.symbols[rows.symbol[row] as usize])?;
            if is_new {
                if let Some(last) = folds.last_mut() {
                    last.bars.end = bar;
                }
                folds.push(Self {
                    fold: *fold,
                    bars: bar..bar + 1,
                });
            } else if let Some(last) = folds.last_mut() {
                last.bars.end = bar + 1;
            }
        }
        Ok(folds)
    }
}

//! What portfolios are traded on: the last known close of every bar and coin, how far its price went
//! within the bar, and what was traded in it.

use std::collections::BTreeMap;
use std::ops::Range;

use score::Rows;

use crate::Prices;
use crate::error::Error;

pub(super) const DAY_MS: i64 = 86_400_000;

/// Closes, ranges and values traded, `[bars, coins]`, of some coins.
pub(super) struct MarkedPrices {
    start_ms: i64,
    bar_ms: i64,
    coins: usize,
    /// Last known close; NaN before the first.
    marks: Vec<f64>,
    /// Value traded in the quote currency; 0 where a coin has no candle, without a limit where the
    /// candles have no volumes.
    traded: Vec<f64>,
    /// Lowest and highest price; None where nobody asked for them.
    range: Option<[Vec<f64>; 2]>,
    /// For each coin what long positions pay in a bar, as a fraction of their value, where they pay;
    /// None where a coin's funding is not known.
    funding: Vec<Option<BTreeMap<usize, f64>>>,
}

impl MarkedPrices {
    /// The prices of `symbols`, in their order.
    ///
    /// # Errors
    /// A coin that has no prices, prices of another bar, columns of different lengths.
    pub fn new(prices: &Prices, symbols: &[String]) -> Result<Self, Error> {
        prices.check()?;
        let place = |symbol: &String| {
            let found = prices.symbols.iter().position(|other| other == symbol);
            found.ok_or_else(|| Error::NoPrices {
                symbol: symbol.clone(),
                time_ms: None,
            })
        };
        let places: Vec<usize> = symbols.iter().map(place).collect::<Result<_, _>>()?;
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
            range: prices.range.as_ref().map(|range| {
                let of_coins = |values: &Vec<f64>| {
                    let bars = values.chunks(prices.symbols.len());
                    bars.flat_map(|bar| places.iter().map(|place| bar[*place]))
                        .collect()
                };
                [of_coins(&range.low), of_coins(&range.high)]
            }),
            funding: places.iter().map(|place| funding(prices, *place)).collect(),
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

    /// Lowest and highest price of a coin in a bar, NaN where it has no candle; None where nobody asked
    /// for them.
    pub fn range(&self, bar: usize, coin: usize) -> Option<[f64; 2]> {
        let [low, high] = self.range.as_ref()?;
        let cell = bar * self.coins + coin;
        Some([low[cell], high[cell]])
    }

    /// Whether the price of a coin went through a limit within a bar: below that of a purchase, above
    /// that of a sale. A price that only touched it did not; nor did one that is not known.
    pub fn trades_through(
        &self,
        (bar, coin): (usize, usize),
        limit: f64,
        is_purchase: bool,
    ) -> bool {
        self.range(bar, coin).is_some_and(|[low, high]| {
            if is_purchase {
                low < limit
            } else {
                high > limit
            }
        })
    }

    /// What a position that is held over a bar pays for funding when the bar opens or within it, as a
    /// fraction of its value; None where the coin's funding is not known.
    pub fn funding(&self, bar: usize, coin: usize) -> Option<f64> {
        let rates = self.funding[coin].as_ref()?;
        Some(rates.get(&bar).copied().unwrap_or(0.0))
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

/// The funding rates of a coin by the bar that they are paid in.
fn funding(prices: &Prices, coin: usize) -> Option<BTreeMap<usize, f64>> {
    let rates = prices.funding.get(coin).filter(|rates| !rates.is_empty())?;
    let mut of_bars = BTreeMap::new();
    for (time_ms, rate) in rates {
        let bar = (time_ms - prices.start_ms).div_euclid(prices.bar_ms);
        if let Ok(bar) = usize::try_from(bar) {
            *of_bars.entry(bar).or_insert(0.0) += rate;
        }
    }
    Some(of_bars)
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
    pub fn of(rows: &Rows, prices: &MarkedPrices) -> Result<Vec<Self>, Error> {
        let mut folds: Vec<Self> = Vec::new();
        for (row, (fold, time_ms)) in rows.fold.iter().zip(&rows.time_ms).enumerate() {
            let is_new = folds.last().is_none_or(|last| last.fold != *fold);
            let is_last = rows.fold.get(row + 1) != Some(fold);
            if !(is_new || is_last) {
                continue;
            }
            let bar = prices.bar_of(*time_ms, &rows.symbols[rows.symbol[row] as usize])?;
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

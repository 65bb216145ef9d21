//! What orders are filled at, and what they are compared with.

use crate::error::{Error, setting};

/// Closes and volumes of coins on one grid of bars.
///
/// # Shapes
/// `close` and `volume` are `[bars, coins]`, row-major; NaN where a coin has no candle of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// Open time of the first bar, UTC milliseconds.
    pub start_ms: i64,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Names of the coins.
    pub symbols: Vec<String>,
    /// The closes.
    pub close: Vec<f64>,
    /// The volumes; None where the candles have none.
    pub volume: Option<Vec<f64>>,
}

impl Prices {
    /// Number of bars.
    pub fn bars(&self) -> usize {
        self.close.len() / self.symbols.len().max(1)
    }

    /// Refuses columns of different lengths.
    ///
    /// # Errors
    /// Names the column.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.bar_ms <= 0 {
            return Err(setting("bar_ms", self.bar_ms, "a length above 0"));
        }
        let cells = self.bars() * self.symbols.len();
        let volumes = self.volume.as_ref().map_or(cells, Vec::len);
        if self.close.len() != cells || volumes != cells {
            let found = format!("{} and {volumes}", self.close.len());
            let expected = "lengths of closes and volumes that are bars times coins";
            return Err(setting("prices", found, expected));
        }
        Ok(())
    }

    /// One coin's bars.
    pub(super) fn coin(&self, coin: usize) -> CoinPrices {
        let column = |values: &[f64]| -> Vec<f64> {
            let column = values.iter().skip(coin).step_by(self.symbols.len().max(1));
            column.copied().collect()
        };
        CoinPrices::new(column(&self.close), self.volume.as_deref().map(column))
    }
}

/// One coin's bars, with sums up to each of them.
pub(super) struct CoinPrices {
    close: Vec<f64>,
    /// Sums over the bars before each; one more than bars.
    sums: Vec<PriceSums>,
}

#[derive(Debug, Clone, Copy, Default)]
struct PriceSums {
    unknown_closes: usize,
    unknown_volumes: usize,
    close: f64,
    volume: f64,
    turnover: f64,
}

/// What an order is compared with; all of them are filled at closes, as the order is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Benchmarks {
    /// The close at which the order arrives: savings are fractions of it.
    pub arrival: f64,
    /// Mean of the closes of the order's time.
    pub twap: f64,
    /// Mean of these closes, weighed by the bars' volumes; NaN where it is not known.
    pub vwap: f64,
    /// The first of these closes.
    pub at_once: f64,
}

impl CoinPrices {
    fn new(close: Vec<f64>, volume: Option<Vec<f64>>) -> Self {
        let mut sums = vec![PriceSums::default()];
        let mut running = PriceSums::default();
        for (bar, close) in close.iter().enumerate() {
            let volume = volume.as_ref().map_or(f64::NAN, |volume| volume[bar]);
            if close.is_nan() {
                running.unknown_closes += 1;
            } else if volume.is_nan() {
                running.close += close;
                running.unknown_volumes += 1;
            } else {
                running.close += close;
                running.volume += volume;
                running.turnover += close * volume;
            }
            sums.push(running);
        }
        Self { close, sums }
    }

    /// The closes that an order of so many bars may be filled at, which arrives at the close of bar
    /// `start`; None where one of them, or the close at which it arrives, is not known.
    pub fn fills(&self, start: usize, bars: usize) -> Option<&[f64]> {
        let (before, after) = (self.sums.get(start)?, self.sums.get(start + 1 + bars)?);
        let fills = self.close.get(start + 1..start + 1 + bars)?;
        (after.unknown_closes == before.unknown_closes).then_some(fills)
    }

    /// What the order of these [fills](Self::fills) is compared with.
    pub fn benchmarks(&self, start: usize, bars: usize) -> Option<Benchmarks> {
        let fills = self.fills(start, bars)?;
        let (before, after) = (self.sums.get(start + 1)?, self.sums.get(start + 1 + bars)?);
        let is_known = after.unknown_volumes == before.unknown_volumes;
        let turnover = after.turnover - before.turnover;
        // A quotient of nothing by nothing is NaN as well.
        let vwap = if is_known {
            turnover / (after.volume - before.volume)
        } else {
            f64::NAN
        };
        Some(Benchmarks {
            arrival: *self.close.get(start)?,
            twap: (after.close - before.close) / bars as f64,
            vwap: if vwap.is_finite() { vwap } else { f64::NAN },
            at_once: *fills.first()?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_of_the_closes_after_the_arrival() {
        let volume = vec![9.0, 1.0, 3.0, 0.0, 0.0];
        let prices = CoinPrices::new(vec![10.0, 20.0, 40.0, 60.0, f64::NAN], Some(volume));
        let found = prices.benchmarks(0, 3).unwrap();
        let expected = Benchmarks {
            arrival: 10.0,
            twap: 40.0,
            vwap: 35.0,
            at_once: 20.0,
        };
        assert_eq!(found, expected);
        assert_eq!(prices.fills(0, 3), Some(&[20.0, 40.0, 60.0][..]));
        assert_eq!(prices.benchmarks(1, 3), None, "a close is not known");
        assert_eq!(prices.benchmarks(3, 9), None, "beyond the end");
        assert!(
            prices.benchmarks(2, 1).unwrap().vwap.is_nan(),
            "nothing was traded"
        );
        let without = CoinPrices::new(vec![10.0, 20.0], None)
            .benchmarks(0, 1)
            .unwrap();
        assert!(without.vwap.is_nan() && without.twap == 20.0);
    }
}

//! What the store has of a month, and what it lacks.

use std::ops::Range;

use dataset::{CandleTable, Column, Store};
use market::{Interval, Period};

use super::coin::CoinDownload;
use super::job::bars;

/// The candles of a month that the store has with all the columns that the exchange gives.
#[derive(Debug)]
pub struct StoredCandles {
    open_time_ms: Vec<i64>,
    interval: Interval,
}

impl StoredCandles {
    /// Reads the candles of the month.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn read(store: &Store, coin: &CoinDownload, month: Period) -> anyhow::Result<Self> {
        // The last column: what lacks it came from a file with fewer columns.
        let column = Column::TakerBuyQuoteVolume;
        let stored = match store.read(&coin.symbol, &[column], month.start_ms(), month.end_ms()) {
            Err(dataset::Error::NoCandles { .. }) => CandleTable::default(),
            stored => stored?,
        };
        let whole = stored
            .open_time_ms
            .iter()
            .zip(stored.column(column))
            .filter(|(_, value)| !value.is_nan());
        Ok(Self {
            open_time_ms: whole.map(|(&time, _)| time).collect(),
            interval: store.interval(),
        })
    }

    /// Open times of the candles there.
    pub fn within(&self, from_ms: i64, until_ms: i64) -> &[i64] {
        let position = |time_ms| self.open_time_ms.partition_point(|&time| time < time_ms);
        self.open_time_ms
            .get(position(from_ms)..position(until_ms))
            .unwrap_or_default()
    }

    /// Returns true when no candle is missing there.
    pub fn is_complete(&self, from_ms: i64, until_ms: i64) -> bool {
        self.within(from_ms, until_ms).len() as i64 >= bars(self.interval, from_ms, until_ms)
    }

    /// From the first candle that is not there to the last one; empty where all are.
    pub fn missing(&self, from_ms: i64, until_ms: i64) -> Range<i64> {
        let (step, held) = (self.interval.ms(), self.within(from_ms, until_ms));
        let mut first_ms = from_ms + (-from_ms).rem_euclid(step);
        for &time in held {
            if time != first_ms {
                break;
            }
            first_ms += step;
        }
        let mut end_ms = until_ms;
        let mut last_ms = (until_ms - 1).div_euclid(step) * step;
        for &time in held.iter().rev() {
            if time != last_ms {
                break;
            }
            (end_ms, last_ms) = (last_ms, last_ms - step);
        }
        first_ms..end_ms.max(first_ms)
    }

    /// Adds candles that are on their way to the store.
    pub fn add(&mut self, times: &[i64]) {
        self.open_time_ms.extend_from_slice(times);
        self.open_time_ms.sort_unstable();
        self.open_time_ms.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_found() {
        let minutes = |minutes: &[i64]| minutes.iter().map(|minute| minute * 60_000).collect();
        let held = StoredCandles {
            open_time_ms: minutes(&[10, 11, 12, 14]),
            interval: Interval::ONE_MINUTE,
        };
        let at = |minute: i64| minute * 60_000;
        assert_eq!(held.missing(at(10), at(20)), at(13)..at(20));
        assert_eq!(held.missing(at(9), at(20)), at(9)..at(20));
        assert_eq!(held.missing(at(14), at(20)), at(15)..at(20));
        assert_eq!(held.missing(at(13) + 1, at(20)), at(15)..at(20));
        assert_eq!(
            held.missing(at(10), at(15)),
            at(13)..at(14),
            "what is there at the end is not asked for"
        );
        assert_eq!(held.missing(at(8), at(13)), at(8)..at(10));
        assert!(held.missing(at(10), at(13)).is_empty());
        assert!(held.is_complete(at(10), at(13)) && !held.is_complete(at(10), at(15)));
        assert!(held.is_complete(at(13) + 1, at(15)) && held.is_complete(at(12), at(12)));
    }
}

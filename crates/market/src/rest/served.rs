//! What an answer holds: candles, those that cannot be, and which of them can still change.

use crate::{Candle, CandleError, Interval, Symbol};

/// So long after its close by the exchange's clock a candle is final even where none follows it:
/// the last one of a coin that has left the market. Seconds would do for a candle; an hour also
/// outlasts a clock that was told wrong.
const FINAL_AFTER_MS: i64 = 3_600_000;

/// Candles of one coin as the exchange serves them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Served {
    /// Candles that can be true, ascending by time; the last one may still be forming.
    pub candles: Vec<Candle>,
    /// Candles that cannot: for whoever uses them, they are missing. Ascending by time.
    pub refused: Vec<CandleError>,
    /// Open time of the latest candle served, believed or not, UTC milliseconds; None where there
    /// was none.
    pub last_open_ms: Option<i64>,
}

/// What a fetch brought of one coin.
#[derive(Debug)]
pub struct CoinCandles {
    /// Which coin.
    pub symbol: Symbol,
    /// Its closed candles, none of which can still change; an error is of this coin alone.
    pub served: Result<Served, crate::Error>,
}

impl Served {
    /// How many of [`Served::candles`], counted from the first, can no longer change.
    ///
    /// A clock that says "closed" is not enough: for some seconds the exchange serves values that
    /// are not the last ones. So a candle counts once a later one is served, or an hour after
    /// its close. `now_ms` is the exchange's clock.
    pub fn final_count(&self, interval: Interval, now_ms: i64) -> usize {
        let is_final = |candle: &Candle| {
            let close_ms = candle.open_time_ms.saturating_add(interval.ms());
            self.last_open_ms
                .is_some_and(|last_ms| candle.open_time_ms < last_ms)
                || close_ms.saturating_add(FINAL_AFTER_MS) <= now_ms
        };
        self.candles
            .iter()
            .take_while(|candle| is_final(candle))
            .count()
    }

    /// The candles that can no longer change: see [`Served::final_count`].
    pub fn final_candles(&self, interval: Interval, now_ms: i64) -> &[Candle] {
        self.candles
            .get(..self.final_count(interval, now_ms))
            .unwrap_or_default()
    }

    /// Adds a later answer of the same coin.
    pub(super) fn append(&mut self, later: Self) {
        self.candles.extend(later.candles);
        self.refused.extend(later.refused);
        self.last_open_ms = self.last_open_ms.max(later.last_open_ms);
    }

    /// Keeps what opens before `end_ms`; [`Served::last_open_ms`] still tells of what came after. A
    /// fault later than all that was served has a time that cannot be: it stays, for its true
    /// time may lie before the end.
    pub(super) fn cut(&mut self, end_ms: i64) {
        let last_ms = self.last_open_ms;
        self.candles.retain(|candle| candle.open_time_ms < end_ms);
        self.refused
            .retain(|fault| fault.open_time_ms < end_ms || Some(fault.open_time_ms) > last_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn served(minutes: &[i64], last: i64) -> Served {
        let candles = minutes
            .iter()
            .map(|minute| Candle::close_only(minute * MINUTE, 1.0))
            .collect();
        Served {
            candles,
            refused: Vec::new(),
            last_open_ms: Some(last * MINUTE),
        }
    }

    #[test]
    fn a_candle_is_final_once_a_later_one_is_served_or_it_is_old() {
        let count =
            |served: &Served, now: i64| served.final_count(Interval::ONE_MINUTE, now * MINUTE);
        assert_eq!(
            count(&served(&[0, 1, 2], 2), 3),
            2,
            "the clock says that the last one is closed"
        );
        assert_eq!(count(&served(&[0, 1, 2], 2), 62), 2);
        assert_eq!(
            count(&served(&[0, 1, 2], 2), 63),
            3,
            "nothing came for an hour"
        );
        assert_eq!(
            count(&served(&[0, 1], 2), 2),
            2,
            "a later one was served, though it cannot be believed"
        );
        assert_eq!(count(&Served::default(), 100), 0);
        assert_eq!(
            served(&[0, 1], 1)
                .final_candles(Interval::ONE_MINUTE, 2 * MINUTE)
                .len(),
            1
        );
    }
}

//! What a watch knows of one coin: its candles, its holes, and whether it is gone.

use std::collections::{BTreeMap, BTreeSet};

use market::{Candle, Symbol};

/// A position whose due candle is missing is settled at the next one there is once this many bars
/// are known after it: the exchange may be late, and is asked again every minute until then.
pub const SETTLE_WITHOUT_AFTER_BARS: i64 = 60;

/// A coin counts as gone once the exchange has answered that it has had no candle of it for this
/// many bars, while it had those of others.
pub const GONE_AFTER_BARS: usize = 10;

/// The candles of one coin, and how far they are known.
#[derive(Debug)]
pub struct CoinFeed {
    pub symbol: Symbol,
    /// By open time.
    pub candles: BTreeMap<i64, Candle>,
    /// Of every bar that opens before this, the candle is here or the exchange has none.
    pub known_until_ms: i64,
    /// When the last REST request that was answered was sent, by the exchange's clock.
    pub answered_ms: i64,
    /// Candles from here on are kept however many they are: an open position waits for one of
    /// them.
    pub keep_from_ms: i64,
    /// Bars whose candle the exchange serves for good as one that cannot be: there is none of
    /// them.
    pub impossible: BTreeSet<i64>,
    /// In which bar it was last told that nothing that the exchange serves of it can be.
    pub told_ms: i64,
    /// Whether the exchange has said that it does not trade any more.
    pub is_off_market: bool,
    /// For which bar that was last asked.
    pub status_asked_ms: i64,
}

impl CoinFeed {
    /// A coin of which nothing is known from `from_ms` on.
    pub fn new(symbol: Symbol, from_ms: i64) -> Self {
        Self {
            symbol,
            candles: BTreeMap::new(),
            known_until_ms: from_ms,
            answered_ms: i64::MIN,
            keep_from_ms: i64::MAX,
            impossible: BTreeSet::new(),
            told_ms: i64::MIN,
            is_off_market: false,
            status_asked_ms: i64::MIN,
        }
    }

    /// Takes a closed candle, and says whether it was new. At least `keep_bars` are kept.
    pub fn take(&mut self, candle: Candle, step: i64, keep_bars: usize) -> bool {
        if self.candles.contains_key(&candle.open_time_ms) {
            return false;
        }
        // A coin that has a candle beyond all that was known is back.
        self.is_off_market &= candle.open_time_ms < self.known_until_ms;
        self.candles.insert(candle.open_time_ms, candle);
        self.advance(step, i64::MIN);
        while self.candles.len() > keep_bars
            && self
                .candles
                .first_key_value()
                .is_some_and(|(first, _)| *first < self.keep_from_ms)
        {
            self.candles.pop_first();
        }
        true
    }

    /// Moves on over the bars whose candle is here or cannot be, and over holes up to the bar that
    /// opens at `holes_until_ms`.
    pub fn advance(&mut self, step: i64, holes_until_ms: i64) {
        while self.candles.contains_key(&self.known_until_ms)
            || self.impossible.contains(&self.known_until_ms)
            || self.known_until_ms <= holes_until_ms
        {
            self.known_until_ms += step;
        }
        self.impossible = self.impossible.split_off(&self.known_until_ms);
    }

    /// How many bars up to the one that opens at `time_ms` are not known.
    pub fn bars_behind(&self, time_ms: i64, step: i64) -> usize {
        ((time_ms + step - self.known_until_ms) / step).max(0) as usize
    }

    /// The candle at `time_ms`, or the first one after it where the exchange has long had none;
    /// None while that is not known.
    pub fn candle_from(&self, time_ms: i64, step: i64) -> Option<&Candle> {
        let (_, candle) = self.candles.range(time_ms..).next()?;
        let reaches_back = self
            .candles
            .first_key_value()
            .is_some_and(|(first, _)| *first <= time_ms);
        let is_long_missing =
            reaches_back && self.known_until_ms > time_ms + SETTLE_WITHOUT_AFTER_BARS * step;
        (candle.open_time_ms == time_ms || is_long_missing).then_some(candle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: i64 = 60_000;

    fn coin(bars: &[i64]) -> CoinFeed {
        let mut coin = CoinFeed::new(Symbol::new("BTCUSDT").unwrap(), 0);
        coin.candles = bars
            .iter()
            .map(|bar| (bar * STEP, Candle::close_only(bar * STEP, 1.0)))
            .collect();
        coin
    }

    #[test]
    fn a_bar_is_known_when_it_is_here_or_later_ones_have_been_served() {
        let known = |bars: &[i64], last: i64| {
            let mut coin = coin(bars);
            coin.advance(STEP, (last - 2) * STEP);
            coin.known_until_ms / STEP
        };
        assert_eq!(known(&[0, 1, 2], 3), 3);
        assert_eq!(known(&[0, 1], 3), 2, "bar 2 may yet come");
        assert_eq!(known(&[0, 1, 3], 4), 4, "there is no bar 2");
        assert_eq!(known(&[], 0), 0);
    }

    #[test]
    fn a_candle_that_cannot_be_is_a_hole_at_once() {
        let mut coin = coin(&[0, 1, 3]);
        coin.impossible.insert(2 * STEP);
        coin.advance(STEP, i64::MIN);
        assert_eq!(coin.known_until_ms, 4 * STEP);
        assert!(coin.impossible.is_empty());
    }

    #[test]
    fn a_coin_that_has_a_new_candle_is_back() {
        let mut coin = coin(&[0, 1]);
        coin.advance(STEP, i64::MIN);
        coin.is_off_market = true;
        coin.take(Candle::close_only(0, 1.0), STEP, 10);
        assert!(coin.is_off_market, "an old one");
        coin.take(Candle::close_only(2 * STEP, 1.0), STEP, 10);
        assert!(!coin.is_off_market);
    }
}

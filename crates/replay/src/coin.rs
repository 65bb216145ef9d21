//! One coin: which of its candles exist, and which are shown at a time of the exchange's clock.

use dataset::CandleTable;
use market::{Interval, Symbol};

use crate::Faults;
use crate::bar::ServedCandle;
use crate::chance::{Chance, Chances};
use crate::config::ReplaySchedule;

/// A coin that is served, with the faults that belong to its candles.
#[derive(Debug)]
pub(crate) struct ServedCoin {
    pub symbol: Symbol,
    candles: CandleTable,
    /// Unknown before this time; None: it has no candles at all.
    listed_ms: Option<i64>,
    /// No candle opens at this time or later.
    delisted_ms: i64,
    /// Open times of candles with every price 0.
    impossible_ms: Vec<i64>,
    /// For how long after its close REST serves a candle that is not its last form.
    provisional_ms: i64,
    step_ms: i64,
    chances: Chances,
    hole_share: f64,
    late: f64,
    late_ms: i64,
    silent_share: f64,
}

impl ServedCoin {
    /// A coin as the config has it.
    pub fn new(
        symbol: Symbol,
        candles: CandleTable,
        interval: Interval,
        schedule: &ReplaySchedule,
        faults: &Faults,
        seed: u64,
    ) -> Self {
        let listed_ms = schedule.listed_ms.get(&symbol).copied();
        let first = candles
            .open_time_ms
            .first()
            .map(|&first| first.max(listed_ms.unwrap_or(first)));
        Self {
            listed_ms: first,
            delisted_ms: schedule
                .delisted_ms
                .get(&symbol)
                .copied()
                .unwrap_or(i64::MAX),
            impossible_ms: schedule
                .impossible_ms
                .get(&symbol)
                .cloned()
                .unwrap_or_default(),
            provisional_ms: faults.provisional_ms.try_into().unwrap_or(i64::MAX),
            step_ms: interval.ms(),
            chances: Chances::new(seed, &symbol),
            hole_share: faults.hole_share,
            late: faults.late,
            late_ms: faults.late_ms.try_into().unwrap_or(i64::MAX),
            silent_share: faults.silent_socket,
            symbol,
            candles,
        }
    }

    /// Open time of the last stored candle.
    pub fn last_ms(&self) -> Option<i64> {
        self.candles.open_time_ms.last().copied()
    }

    /// Whether the exchange knows the coin at `now_ms`.
    pub fn is_listed(&self, now_ms: i64) -> bool {
        self.listed_ms.is_some_and(|listed_ms| listed_ms <= now_ms)
    }

    /// The candles that open in `from_ms..=until_ms` as they are seen at `now_ms`, ascending: at
    /// most `limit`, the first ones or the last ones. The one that `now_ms` falls in is still
    /// forming.
    pub fn seen(
        &self,
        now_ms: i64,
        from_ms: i64,
        until_ms: i64,
        limit: usize,
        first_ones: bool,
    ) -> Vec<ServedCandle> {
        let rows = self.rows(from_ms, until_ms.min(now_ms).saturating_add(1));
        let seen = |row: usize| self.seen_row(row, now_ms);
        if first_ones {
            return rows.filter_map(seen).take(limit).collect();
        }
        let mut bars: Vec<ServedCandle> = rows.rev().filter_map(seen).take(limit).collect();
        bars.reverse();
        bars
    }

    /// `TRADING`, or `BREAK` once it is delisted.
    pub fn status(&self, now_ms: i64) -> &'static str {
        if now_ms < self.delisted_ms {
            "TRADING"
        } else {
            "BREAK"
        }
    }

    fn seen_row(&self, row: usize, now_ms: i64) -> Option<ServedCandle> {
        let bar = self.bar(row)?;
        let (open_ms, close_ms) = (bar.open_time_ms, bar.open_time_ms + self.step_ms);
        if (open_ms..open_ms + self.provisional_ms).contains(&now_ms) {
            return None;
        }
        if (close_ms..close_ms + self.provisional_ms).contains(&now_ms) {
            return Some(bar.forming(0.5));
        }
        if now_ms >= self.shown_ms(bar.open_time_ms) {
            return Some(bar);
        }
        let elapsed_ms = now_ms - bar.open_time_ms;
        let is_forming = elapsed_ms < self.step_ms && !self.is_late(bar.open_time_ms);
        is_forming.then(|| bar.forming(elapsed_ms as f64 / self.step_ms as f64))
    }

    /// All candles that ever exist with open time in `from_ms..until_ms`, in their final form.
    pub fn final_bars(&self, from_ms: i64, until_ms: i64) -> impl Iterator<Item = ServedCandle> {
        self.rows(from_ms, until_ms).filter_map(|row| self.bar(row))
    }

    /// The candles that reach the middle of their time after `after_ms`, by `until_ms` at the
    /// latest, as they are then.
    pub fn halfway(
        &self,
        after_ms: i64,
        until_ms: i64,
    ) -> impl Iterator<Item = (i64, ServedCandle)> {
        let half_ms = self.step_ms / 2;
        self.final_bars(
            after_ms.saturating_sub(half_ms) + 1,
            until_ms.saturating_sub(half_ms).saturating_add(1),
        )
        .filter(|bar| !self.is_late(bar.open_time_ms))
        .map(move |bar| (bar.open_time_ms + half_ms, bar.forming(0.5)))
    }

    /// The candles that are first shown closed after `after_ms`, by `until_ms` at the latest, with
    /// that time.
    pub fn closing(
        &self,
        after_ms: i64,
        until_ms: i64,
    ) -> impl Iterator<Item = (i64, ServedCandle)> {
        let longest_ms =
            self.step_ms
                .saturating_add(if self.late > 0.0 { self.late_ms } else { 0 });
        self.final_bars(after_ms.saturating_sub(longest_ms), until_ms)
            .map(|bar| (self.shown_ms(bar.open_time_ms), bar))
            .filter(move |&(shown_ms, _)| after_ms < shown_ms && shown_ms <= until_ms)
    }

    /// Whether the closing message of the candle that opens at `time_ms` is never sent.
    pub fn is_silent(&self, time_ms: i64) -> bool {
        self.strikes(Chance::Silent, time_ms, self.silent_share)
    }

    fn rows(&self, from_ms: i64, until_ms: i64) -> std::ops::Range<usize> {
        let from_ms = self
            .listed_ms
            .map_or(i64::MAX, |listed_ms| listed_ms.max(from_ms));
        let until_ms = until_ms.min(self.delisted_ms);
        let row = |time_ms: i64| {
            self.candles
                .open_time_ms
                .partition_point(|&time| time < time_ms)
        };
        row(from_ms)..row(until_ms)
    }

    /// None where the candle is a hole.
    fn bar(&self, row: usize) -> Option<ServedCandle> {
        let candle = self.candles.candle(row);
        let is_hole = candle.close.is_nan()
            || self.strikes(Chance::Hole, candle.open_time_ms, self.hole_share);
        let bar = ServedCandle::from(candle);
        let is_impossible = self.impossible_ms.contains(&bar.open_time_ms);
        let bar = if is_impossible {
            ServedCandle {
                open: 0.0,
                high: 0.0,
                low: 0.0,
                close: 0.0,
                ..bar
            }
        } else {
            bar
        };
        (!is_hole).then_some(bar)
    }

    /// When the candle that opens at `time_ms` is first shown closed.
    fn shown_ms(&self, time_ms: i64) -> i64 {
        let late_ms = if self.is_late(time_ms) {
            self.late_ms
        } else {
            0
        };
        time_ms.saturating_add(self.step_ms).saturating_add(late_ms)
    }

    fn is_late(&self, time_ms: i64) -> bool {
        self.strikes(Chance::Late, time_ms, self.late)
    }

    fn strikes(&self, chance: Chance, time_ms: i64, share: f64) -> bool {
        share > 0.0 && self.chances.strikes(chance, time_ms, share)
    }
}

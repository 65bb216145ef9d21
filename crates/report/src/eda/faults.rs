//! What is wrong with a coin's candles, or ends them: holes, flat stretches, jumps, a late beginning,
//! an early end.

use dataset::{CandleTable, Idle, settled_bars};
use market::Interval;
use serde::Serialize;

use super::returns::Jump;
use super::sampling::Sampling;

/// Bars in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Stretch {
    /// Open time of the first one, UTC milliseconds.
    pub from_ms: i64,
    /// How many there are.
    pub bars: i64,
}

/// The faults of one coin's candles.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Faults {
    /// Number of holes between its first and its last candle.
    pub holes: usize,
    /// Bars without a candle between them.
    pub missing_bars: i64,
    /// The longest hole.
    pub longest_hole: Option<Stretch>,
    /// Stretches without a trade or a change of price, of a day and ten bars at least.
    pub flat: Vec<Stretch>,
    /// Closes in a row, without a hole between them, that are past `data.jump_ratio`.
    pub jumps: Vec<Jump>,
    /// Closes before and after a hole that are past it.
    pub jumps_over_holes: Vec<Jump>,
    /// Open time of the first candle, where the coin begins a day and ten bars later than the first of
    /// all: it was listed.
    pub listed_ms: Option<i64>,
    /// Open time of the last candle, where the coin ends a day and ten bars before the last of all: it
    /// was delisted or renamed.
    pub ended_ms: Option<i64>,
    /// Open time of the first candle of a flat stretch that lasts to the coin's last candle: it is
    /// settled.
    pub settled_ms: Option<i64>,
}

impl Faults {
    /// Of candles that there are some of, with the jumps among their returns and those over holes.
    pub fn of(
        candles: &CandleTable,
        [jumps, jumps_over_holes]: [Vec<Jump>; 2],
        sampling: &Sampling,
    ) -> Self {
        let interval = sampling.interval;
        let holes = holes(&candles.open_time_ms, interval);
        let flat: Vec<Stretch> = Idle::all(candles, interval)
            .into_iter()
            .map(|idle| Stretch {
                from_ms: idle.from_ms,
                bars: idle.bars as i64,
            })
            .collect();
        let least_ms = settled_bars(interval) as i64 * interval.ms();
        let first = candles.open_time_ms.first().copied();
        let last = candles.open_time_ms.last().copied();
        let mut by_length = holes.clone();
        by_length.sort_by_key(|hole| (-hole.bars, hole.from_ms));
        Self {
            holes: holes.len(),
            missing_bars: holes.iter().map(|hole| hole.bars).sum(),
            longest_hole: by_length.first().copied(),
            settled_ms: settled_since(candles, &flat),
            flat,
            jumps,
            jumps_over_holes,
            listed_ms: first.filter(|first| first - sampling.from_ms >= least_ms),
            ended_ms: last.filter(|last| sampling.until_ms - interval.ms() - last >= least_ms),
        }
    }

    /// Returns true where there is something to say of the coin.
    pub fn any(&self) -> bool {
        self.holes > 0
            || !self.flat.is_empty()
            || !self.jumps.is_empty()
            || !self.jumps_over_holes.is_empty()
            || self.listed_ms.is_some()
            || self.ended_ms.is_some()
    }
}

/// Every stretch of bars without a candle between the first and the last.
fn holes(open_times_ms: &[i64], interval: Interval) -> Vec<Stretch> {
    let step = interval.ms();
    let gaps = open_times_ms
        .windows(2)
        .filter(|pair| pair[1] - pair[0] > step);
    gaps.map(|pair| Stretch {
        from_ms: pair[0] + step,
        bars: (pair[1] - pair[0]) / step - 1,
    })
    .collect()
}

/// The beginning of the last flat stretch, where it has every candle from there on.
fn settled_since(candles: &CandleTable, flat: &[Stretch]) -> Option<i64> {
    let last = flat.last()?;
    let before = candles
        .open_time_ms
        .partition_point(|time| *time < last.from_ms);
    let bars = usize::try_from(last.bars).ok()?;
    (before + bars == candles.len()).then_some(last.from_ms)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;

    use dataset::Column;

    use super::*;
    use crate::eda::returns::ReturnRule;

    const DAY_MS: i64 = 86_400_000;

    fn of(closes: &[(i64, f64)], last_day: i64) -> Faults {
        let row = |&(day, close): &(i64, f64)| {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = close;
            (day * DAY_MS, values)
        };
        let candles: CandleTable = closes.iter().map(row).collect();
        let interval: Interval = "1d".parse().unwrap();
        let sampling = Sampling::new((0, last_day * DAY_MS), interval);
        let rule = ReturnRule::new(interval, 6.0, &BTreeSet::new());
        let jumps = [rule.of_candles(&candles).1, rule.log_prices(&candles).1];
        Faults::of(&candles, jumps, &sampling)
    }

    fn moving(days: std::ops::Range<i64>) -> Vec<(i64, f64)> {
        days.map(|day| (day, 1.0 + (day % 3) as f64)).collect()
    }

    #[test]
    fn holes_are_counted_with_the_longest_first_one() {
        let mut closes = moving(0..30);
        closes.retain(|(day, _)| ![4, 5, 9, 20, 21].contains(day));
        let found = of(&closes, 29);
        assert_eq!((found.holes, found.missing_bars), (3, 5));
        let longest = found.longest_hole.unwrap();
        assert_eq!((longest.from_ms / DAY_MS, longest.bars), (4, 2));
        assert!(found.any() && !of(&moving(0..30), 29).any());
    }

    #[test]
    fn a_coin_that_rests_to_its_end_is_settled() {
        let mut closes = moving(0..40);
        closes[10..25].iter_mut().for_each(|close| close.1 = 5.0);
        let found = of(&closes, 39);
        assert_eq!(found.flat.len(), 1);
        assert_eq!(
            (found.flat[0].from_ms / DAY_MS, found.flat[0].bars),
            (11, 14)
        );
        assert_eq!(found.settled_ms, None, "it moves again");
        closes[27..].iter_mut().for_each(|close| close.1 = 6.0);
        let found = of(&closes, 39);
        assert_eq!((found.flat.len(), found.settled_ms), (2, Some(28 * DAY_MS)));
    }

    #[test]
    fn a_late_beginning_and_an_early_end_are_told() {
        let found = of(&moving(10..30), 40);
        assert_eq!(found.listed_ms, Some(10 * DAY_MS));
        assert_eq!(found.ended_ms, Some(29 * DAY_MS));
        let found = of(&moving(9..31), 39);
        assert_eq!((found.listed_ms, found.ended_ms), (None, None));
    }

    #[test]
    fn a_jump_counts_where_no_hole_is_before_it() {
        let found = of(&[(0, 1.0), (1, 8.0), (3, 80.0), (4, 81.0)], 4);
        assert_eq!(found.jumps.len(), 1);
        let over_holes: Vec<f64> = found
            .jumps_over_holes
            .iter()
            .map(|jump| jump.ratio)
            .collect();
        assert_eq!(over_holes, [10.0]);
        assert_eq!(
            (found.jumps[0].time_ms, found.jumps[0].ratio),
            (DAY_MS, 8.0)
        );
    }
}

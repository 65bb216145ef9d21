//! Coins whose market has come to rest: candles go on, and nothing trades or the price stays where
//! it is.

use std::fmt;
use std::ops::Range;

use market::Interval;

use crate::{CandleTable, Column, Panel, format_time};

/// A day of bars, but at least ten: the close of a day or two may stay where it is by chance.
pub fn settled_bars(interval: Interval) -> usize {
    let day = 86_400_000 / interval.ms();
    usize::try_from(day).unwrap_or(1).max(10)
}

/// Candles in a row in which nothing traded, or the price did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    /// Open time of the first one, UTC ms.
    pub from_ms: i64,
    /// How many there are.
    pub bars: usize,
}

impl Idle {
    /// All such stretches of a day of bars or more (at least ten), in order of time.
    ///
    /// Such a candle has a volume or count of 0, or the close of the candle before.
    pub fn all(candles: &CandleTable, interval: Interval) -> Vec<Self> {
        let mut order: Vec<usize> = (0..candles.len()).collect();
        order.sort_by_key(|&index| candles.open_time_ms[index]);
        let mut all: Vec<Self> = Vec::new();
        let (mut last_close, mut was_idle) = (f64::NAN, false);
        for index in order {
            let known = [Column::Volume, Column::Count].map(|column| candles.value(column, index));
            let close = candles.value(Column::Close, index);
            let is_idle = known.contains(&0.0) || close == last_close;
            last_close = close;
            match all.last_mut() {
                Some(stretch) if is_idle && was_idle => stretch.bars += 1,
                _ if is_idle => all.push(Self {
                    from_ms: candles.open_time_ms[index],
                    bars: 1,
                }),
                _ => {}
            }
            was_idle = is_idle;
        }
        all.retain(|stretch| stretch.bars >= settled_bars(interval));
        all
    }

    /// The longest of [`all`](Self::all), the first one of several.
    pub fn longest(candles: &CandleTable, interval: Interval) -> Option<Self> {
        let all = Self::all(candles, interval).into_iter();
        all.reduce(|longest, next| {
            if next.bars > longest.bars {
                next
            } else {
                longest
            }
        })
    }
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} candles in a row from {} have no trades or no change of price: settled or flat, and after a day of it not scored \
             (universe.score_settled = true scores it)",
            self.bars,
            format_time(self.from_ms)
        )
    }
}

/// Whether each coin is settled at each of `rows`, `[rows, coins]`: its close has not moved for a
/// day of bars up to that row (at least ten). No later candle is looked at.
pub(crate) fn settled(panel: &Panel, rows: Range<usize>) -> Vec<bool> {
    let bars = settled_bars(panel.interval());
    let coins = panel.coins();
    let mut result = vec![false; rows.len() * coins];
    let first = rows.start.saturating_sub(bars);
    for coin in 0..coins {
        let closes = panel.series(Column::Close, coin, first..rows.end);
        let mut still = 0;
        for (offset, pair) in closes.windows(2).enumerate() {
            still = if pair[0] == pair[1] { still + 1 } else { 0 };
            if let Some(place) = (first + offset + 1).checked_sub(rows.start) {
                result[place * coins + coin] = still >= bars;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Symbol;

    const DAY: usize = 1440;

    fn candles(closes: impl Iterator<Item = (f64, f64)>) -> CandleTable {
        let mut table = CandleTable::default();
        for (minute, (close, volume)) in closes.enumerate() {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = close;
            values[Column::Volume as usize] = volume;
            table.push_row(minute as i64 * 60_000, values);
        }
        table
    }

    /// 100 minutes of trades, two days without, 100 minutes of trades.
    fn dead_for_two_days() -> CandleTable {
        let trades = |minute: usize| !(100..100 + 2 * DAY).contains(&minute);
        candles((0..200 + 2 * DAY).map(move |minute| match trades(minute) {
            true => (1.0 + (minute % 7 + 1) as f64, 5.0),
            false => (1.0, 0.0),
        }))
    }

    #[test]
    fn a_stretch_without_trades_is_found() {
        let idle = Idle::longest(&dead_for_two_days(), Interval::ONE_MINUTE).unwrap();
        assert_eq!(
            idle,
            Idle {
                from_ms: 100 * 60_000,
                bars: 2 * DAY
            }
        );
        assert_eq!(
            Idle::longest(
                &candles((0..DAY - 1).map(|_| (1.0, 0.0))),
                Interval::ONE_MINUTE
            ),
            None
        );
        // Closes alone: the first candle has none before it.
        let closes = candles((0..DAY + 1).map(|_| (1.0, f64::NAN)));
        assert_eq!(
            Idle::longest(&closes, Interval::ONE_MINUTE),
            Some(Idle {
                from_ms: 60_000,
                bars: DAY
            })
        );
        let moving = candles((0..3 * DAY).map(|minute| ((minute % 2 + 1) as f64, 5.0)));
        assert_eq!(Idle::longest(&moving, Interval::ONE_MINUTE), None);
    }

    #[test]
    fn a_coin_is_settled_a_day_after_its_last_move_and_no_earlier() {
        let coins = [(Symbol::new("DEADUSDT").unwrap(), dead_for_two_days())];
        let rows = 200 + 2 * DAY;
        let panel = Panel::build(
            &coins,
            Interval::ONE_MINUTE,
            (0, rows as i64 * 60_000),
            60,
            &[],
        );
        let all = settled(&panel, 0..rows);
        // The close moves to 1 at minute 100: the first row of which a whole day before is still.
        let expected: Vec<bool> = (0..rows)
            .map(|row| (100 + DAY..100 + 2 * DAY).contains(&row))
            .collect();
        assert!(all == expected);
        // From any row on the same, and the same whatever comes later.
        assert!(settled(&panel, 1000..2000) == expected[1000..2000]);
        let until = Panel::build(&coins, Interval::ONE_MINUTE, (0, 2000 * 60_000), 60, &[]);
        assert!(settled(&until, 0..2000) == expected[..2000]);
    }
}

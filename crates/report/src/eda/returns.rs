//! Log returns of a coin's candles, of which those that are no price moves are none.

use std::collections::BTreeSet;

use dataset::{CandleTable, Column};
use market::Interval;
use serde::Serialize;

/// Two closes in a row, a bar apart, whose ratio is past `data.jump_ratio` and that no fork explains:
/// a new unit, another coin under the name, or the coin's end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Jump {
    /// Open time of the second candle, UTC milliseconds.
    pub time_ms: i64,
    /// The second close divided by the first.
    pub ratio: f64,
}

/// What of two closes is a return.
#[derive(Debug, Clone)]
pub(crate) struct ReturnRule {
    pub interval: Interval,
    /// `data.jump_ratio`.
    pub jump_ratio: f64,
    /// Open times of the bars whose return counts however large it is.
    pub forks: BTreeSet<i64>,
}

impl ReturnRule {
    /// `forks` are dates, which may be within a bar.
    pub fn new(interval: Interval, jump_ratio: f64, forks: &BTreeSet<i64>) -> Self {
        let step = interval.ms();
        Self {
            interval,
            jump_ratio,
            forks: forks
                .iter()
                .map(|date| date.div_euclid(step) * step)
                .collect(),
        }
    }

    /// The log return from one close to another, whose candle opens at `time_ms`; an error where
    /// their ratio is past the limit.
    fn between(&self, before: f64, close: f64, time_ms: i64) -> Result<f64, Jump> {
        let value = (close / before).ln();
        if value.abs() > self.jump_ratio.ln() && !self.forks.contains(&time_ms) {
            let ratio = close / before;
            return Err(Jump { time_ms, ratio });
        }
        Ok(value)
    }

    /// The log return into each candle, NaN where there is none: after a hole, at the first candle and
    /// at jumps, which come beside them.
    pub fn of_candles(&self, candles: &CandleTable) -> (Vec<f64>, Vec<Jump>) {
        let times = &candles.open_time_ms;
        let closes = candles.column(Column::Close);
        let (mut values, mut jumps) = (vec![f64::NAN; times.len().min(1)], Vec::new());
        for (times, closes) in times.windows(2).zip(closes.windows(2)) {
            let is_next = times[1] - times[0] == self.interval.ms();
            let found = match is_next {
                true => self.between(closes[0], closes[1], times[1]),
                false => Ok(f64::NAN),
            };
            values.push(found.unwrap_or(f64::NAN));
            jumps.extend(found.err());
        }
        (values, jumps)
    }

    /// The log of each candle's close over the first one, a hole bridged, without steps past the limit,
    /// which are no change of the price: a new unit would look like the best gain of all. Those over a
    /// hole come beside them; [`of_candles`](Self::of_candles) has the others.
    pub fn log_prices(&self, candles: &CandleTable) -> (Vec<f64>, Vec<Jump>) {
        let times = &candles.open_time_ms;
        let closes = candles.column(Column::Close);
        let (mut values, mut over_holes) = (vec![0.0; times.len().min(1)], Vec::new());
        let mut sum = 0.0;
        for (times, closes) in times.windows(2).zip(closes.windows(2)) {
            let is_next = times[1] - times[0] == self.interval.ms();
            match self.between(closes[0], closes[1], times[1]) {
                Ok(step) if step.is_finite() => sum += step,
                Ok(_) => {}
                Err(jump) => over_holes.extend((!is_next).then_some(jump)),
            }
            values.push(sum);
        }
        (values, over_holes)
    }

    /// Log returns between closes that lie some bars apart, the last bar of each opening at the time
    /// beside it; NaN where a close is missing or the ratio is past the limit.
    pub fn of_closes(&self, closes: &[f64], open_time_ms: impl Fn(usize) -> i64) -> Vec<f64> {
        let first = closes.first().map(|_| f64::NAN);
        let later = (1..closes.len()).map(|place| {
            let value = self.between(closes[place - 1], closes[place], open_time_ms(place));
            value.unwrap_or(f64::NAN)
        });
        first.into_iter().chain(later).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use dataset::{Panel, log_returns};
    use market::Symbol;

    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn candles() -> CandleTable {
        let closes = [
            (0, 10.0),
            (1, 11.0),
            (2, 70.0),
            (3, 11.0),
            (5, 12.0),
            (6, 2.0),
            (7, 20.0),
        ];
        let row = |(day, close): (i64, f64)| {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = close;
            (day * DAY_MS, values)
        };
        closes.into_iter().map(row).collect()
    }

    /// The same as those that volatilities are made of.
    #[test]
    fn returns_are_those_of_a_panel() {
        let interval: Interval = "1d".parse().unwrap();
        let rule = ReturnRule::new(interval, 6.0, &BTreeSet::new());
        let candles = candles();
        let (values, jumps) = rule.of_candles(&candles);
        let coins = [(Symbol::new("AUSDT").unwrap(), candles.clone())];
        let panel = Panel::build(&coins, interval, (0, 8 * DAY_MS), 0, &[]);
        let expected = log_returns(&panel, 0, 0..8);
        for (value, time) in values.iter().zip(&candles.open_time_ms) {
            assert_eq!(
                value.to_bits(),
                expected[(time / DAY_MS) as usize].to_bits()
            );
        }
        let found: Vec<i64> = jumps.iter().map(|jump| jump.time_ms / DAY_MS).collect();
        assert_eq!(found, [2, 3, 7], "a ratio of 6 itself is none");
        assert!((jumps[0].ratio - 70.0 / 11.0).abs() < 1e-12);
    }

    /// A coin whose unit changed while it was not traded gained nothing by that.
    #[test]
    fn a_new_unit_is_no_change_of_the_price_and_a_hole_is_bridged() {
        let rule = ReturnRule::new("1d".parse().unwrap(), 6.0, &BTreeSet::new());
        let closes = [
            (0, 10.0),
            (1, 11.0),
            (5, 11_000.0),
            (6, 12_100.0),
            (9, 24_200.0),
        ];
        let row = |(day, close): (i64, f64)| {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = close;
            (day * DAY_MS, values)
        };
        let candles: CandleTable = closes.into_iter().map(row).collect();
        let (prices, over_holes) = rule.log_prices(&candles);
        let expected = [
            0.0,
            1.1_f64.ln(),
            1.1_f64.ln(),
            1.21_f64.ln(),
            2.42_f64.ln(),
        ];
        for (price, expected) in prices.iter().zip(expected) {
            assert!((price - expected).abs() < 1e-12, "{prices:?}");
        }
        assert_eq!(
            over_holes,
            [Jump {
                time_ms: 5 * DAY_MS,
                ratio: 1000.0
            }]
        );
        // One that is explained is a change.
        let explained = ReturnRule::new("1d".parse().unwrap(), 6.0, &BTreeSet::from([5 * DAY_MS]));
        let (prices, over_holes) = explained.log_prices(&candles);
        assert!((prices[4] - 2420_f64.ln()).abs() < 1e-12 && over_holes.is_empty());
    }

    #[test]
    fn the_bar_of_a_fork_is_no_jump() {
        let interval: Interval = "1d".parse().unwrap();
        let forks = BTreeSet::from([2 * DAY_MS + 3_600_000]);
        let (values, jumps) = ReturnRule::new(interval, 6.0, &forks).of_candles(&candles());
        assert_eq!((values[2], jumps.len()), ((70.0_f64 / 11.0).ln(), 2));
    }

    #[test]
    fn closes_with_a_hole_have_no_return() {
        let rule = ReturnRule::new("1d".parse().unwrap(), 6.0, &BTreeSet::new());
        let found = rule.of_closes(&[1.0, 2.0, f64::NAN, 3.0, 30.0], |place| place as i64);
        assert_eq!(found[1], 2.0_f64.ln());
        for place in [0, 2, 3, 4] {
            assert!(found[place].is_nan(), "{place}");
        }
        assert!(rule.of_closes(&[], |_| 0).is_empty());
    }
}

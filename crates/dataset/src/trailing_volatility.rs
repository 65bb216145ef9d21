//! How much each coin's price moved of late: the unit in which returns of calm and wild times compare.

use std::ops::Range;

use market::Interval;

use crate::features::trailing_mean;
use crate::{Column, Panel};

/// The span of the trailing volatility: long enough for a steady value, short enough to follow the
/// hour of the day.
const VOLATILITY_MS: i64 = 4 * HOUR_MS;

const HOUR_MS: i64 = 3_600_000;

/// Returns of the trailing volatility where four hours are fewer than four bars: longer bars have
/// as many as four hours of 5-minute bars.
const VOLATILITY_BARS: usize = 48;

/// Number of the last log returns whose root mean square is the trailing volatility: those of four
/// hours; the last 48 where a bar is longer than an hour.
fn volatility_bars(bar_ms: i64) -> usize {
    if bar_ms <= 0 || bar_ms > HOUR_MS {
        return VOLATILITY_BARS;
    }
    usize::try_from(VOLATILITY_MS / bar_ms).unwrap_or(VOLATILITY_BARS)
}

/// Trailing volatility of all coins at some rows of a panel: the root mean square of the last log
/// returns of one bar, those of four hours (the last 48 where a bar is longer than an hour), of
/// closes that are known at t, filled ones included.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailingVolatility {
    start: usize,
    coins: usize,
    /// Of returns of one bar, `[rows, coins]`.
    values: Vec<f64>,
}

impl TrailingVolatility {
    /// How many bars up to t, its own included, the value at t is a function of.
    pub fn history_bars(interval: Interval) -> usize {
        volatility_bars(interval.ms()) + 1
    }

    /// That of all coins at `rows`.
    pub fn new(panel: &Panel, rows: Range<usize>) -> Self {
        Self {
            start: rows.start,
            coins: panel.coins(),
            values: volatility(panel, &rows, volatility_bars(panel.interval().ms())),
        }
    }

    /// That of a coin at a row of the panel, as that of returns over `reach_bars`: times the root of
    /// the reach. NaN where the history is too short or the price has not moved.
    pub fn at(&self, row: usize, coin: usize, reach_bars: usize) -> f64 {
        let cell = row
            .checked_sub(self.start)
            .map(|row| row * self.coins + coin);
        let value = cell.and_then(|cell| self.values.get(cell)).copied();
        value.unwrap_or(f64::NAN) * (reach_bars as f64).sqrt()
    }
}

/// Root mean square of the last `bars` log returns at every row and coin; NaN where there are fewer
/// or all are 0, as nothing can be measured in such a unit.
fn volatility(panel: &Panel, rows: &Range<usize>, bars: usize) -> Vec<f64> {
    let coins = panel.coins();
    let from = rows.start.saturating_sub(bars);
    let mut values = vec![f64::NAN; rows.len() * coins];
    for coin in 0..coins {
        let means = mean_squares(panel, coin, from..rows.end, bars);
        // The mean of a row before has fewer returns.
        for (place, mean) in means.into_iter().enumerate().skip(bars) {
            if mean > 0.0 {
                values[(from + place - rows.start) * coins + coin] = mean.sqrt();
            }
        }
    }
    values
}

/// Mean of the squares of a coin's log returns at the last `bars` rows, at each of some rows; NaN
/// where there are fewer rows. The first row has no return, which is left out.
///
/// The feature set `relative` has a volatility of its own: it takes differences of the logarithms
/// that it has at hand, whose last bits are others.
pub(crate) fn mean_squares(
    panel: &Panel,
    coin: usize,
    rows: Range<usize>,
    bars: usize,
) -> Vec<f64> {
    let first_bar = panel.bar_number(rows.start);
    let closes = panel.series(Column::Close, coin, rows);
    // The first return ends at the second close.
    let mut squares = vec![f64::NAN];
    squares.extend(
        closes
            .windows(2)
            .map(|pair| (pair[1] / pair[0]).ln().powi(2)),
    );
    trailing_mean(&squares, bars, first_bar)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::Symbol;

    use super::*;
    use crate::CandleTable;

    /// One coin on bars of five minutes.
    fn panel() -> Panel {
        let interval: market::Interval = "5m".parse().unwrap();
        let mut candles = CandleTable::default();
        for row in 0..100_usize {
            let mut values = [f64::NAN; Column::ALL.len()];
            values[Column::Close as usize] = 100.0 + ((row * 7) % 31) as f64;
            candles.push_row(row as i64 * interval.ms(), values);
        }
        let coins = [(Symbol::new("COIN").unwrap(), candles)];
        Panel::build(&coins, interval, (0, 100 * interval.ms()), 60, &[])
    }

    #[test]
    fn it_is_of_four_hours_wherever_the_history_starts() {
        assert_eq!(
            [1, 5, 60, 61, 1440].map(|minutes| volatility_bars(minutes * 60_000)),
            [240, 48, 4, 48, 48]
        );
        let panel = panel();
        let found = TrailingVolatility::new(&panel, 48..100);
        let log = |row: usize| panel.value(Column::Close, row, 0).ln();
        let squares = (33..=80).map(|row| (log(row) - log(row - 1)).powi(2));
        let expected = (squares.sum::<f64>() / 48.0 * 3.0).sqrt();
        let value = found.at(80, 0, 3);
        assert!((value - expected).abs() < 1e-15, "{value} and {expected}");
        let later = TrailingVolatility::new(&panel, 70..100);
        assert_eq!(value, later.at(80, 0, 3));
        let all = TrailingVolatility::new(&panel, 0..100);
        assert!(all.at(47, 0, 3).is_nan(), "47 returns");
        assert_eq!(found.at(48, 0, 3), all.at(48, 0, 3));
        assert!(found.at(47, 0, 3).is_nan() && found.at(100, 0, 3).is_nan());
    }
}

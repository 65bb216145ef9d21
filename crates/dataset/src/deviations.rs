//! What closes say up to a row: how far the last one lies from its own mean of the last half hour,
//! hour and four hours, which is what a sceptic forecasts with, and how much they moved.

use std::ops::Range;

use crate::features::trailing_mean;
use crate::{Column, Panel};

/// Lengths of the means in minutes, in the order of [`Deviations::at`] and of the table's columns.
pub const DEVIATION_MINUTES: [u32; 3] = [30, 60, 240];

/// The names of the forecast table's columns of them.
pub const DEVIATION_COLUMNS: [&str; 3] = ["deviation_30m", "deviation_60m", "deviation_240m"];

/// A mean of fewer bars is the close itself.
const LEAST_BARS: u32 = 2;

/// The span of the trailing volatility: long enough for a steady value, short enough to follow the
/// hour of the day.
const VOLATILITY_MS: i64 = 4 * HOUR_MS;

const HOUR_MS: i64 = 3_600_000;

/// Returns of the trailing volatility where four hours are fewer than four bars: longer bars have
/// as many as four hours of 5-minute bars.
const VOLATILITY_BARS: usize = 48;

/// Number of the last log returns whose root mean square is the trailing volatility: those of four
/// hours; the last 48 where a bar is longer than an hour.
pub fn volatility_bars(bar_ms: i64) -> usize {
    if bar_ms <= 0 || bar_ms > HOUR_MS {
        return VOLATILITY_BARS;
    }
    usize::try_from(VOLATILITY_MS / bar_ms).unwrap_or(VOLATILITY_BARS)
}

/// Bars of `bar_ms` that a mean of so many minutes has; None where it would have fewer than two, or
/// a part of one.
pub fn deviation_bars(minutes: u32, bar_ms: i64) -> Option<usize> {
    let span_ms = i64::from(minutes) * 60_000;
    if bar_ms <= 0 || span_ms % bar_ms != 0 {
        return None;
    }
    u32::try_from(span_ms / bar_ms)
        .ok()
        .filter(|bars| *bars >= LEAST_BARS)
        .map(|bars| bars as usize)
}

/// `ln(close[t])` minus its mean over the last 30, 60 and 240 minutes, of all coins at some rows of
/// a panel, with their trailing volatility.
///
/// It is the feature `deviation_w` with w in minutes instead of bars: of closes that are known at
/// t, filled ones included. So is the volatility.
#[derive(Debug, Clone, PartialEq)]
pub struct Deviations {
    start: usize,
    coins: usize,
    /// `[rows, coins]` for each of [`DEVIATION_MINUTES`].
    values: [Vec<f64>; 3],
    /// Root mean square of the last log returns of one bar, `[rows, coins]`.
    volatility: Vec<f64>,
}

impl Deviations {
    /// Those of all coins at `rows`.
    pub fn of(panel: &Panel, rows: Range<usize>) -> Self {
        let values =
            DEVIATION_MINUTES.map(
                |minutes| match deviation_bars(minutes, panel.interval().ms()) {
                    Some(bars) => of_window(panel, &rows, bars),
                    None => vec![f64::NAN; rows.len() * panel.coins()],
                },
            );
        Self {
            start: rows.start,
            coins: panel.coins(),
            values,
            volatility: volatility(panel, &rows, volatility_bars(panel.interval().ms())),
        }
    }

    /// The deviations of a coin at a row of the panel, in the order of [`DEVIATION_MINUTES`]; NaN
    /// where unknown.
    pub fn at(&self, row: usize, coin: usize) -> [f64; 3] {
        self.values
            .each_ref()
            .map(|values| self.cell(values, row, coin))
    }

    /// The trailing volatility of a coin at a row of the panel, as that of returns over
    /// `reach_bars`: the root mean square of its last log returns of one bar ([`volatility_bars`])
    /// times the root of the reach. NaN where the history is too short or the price has not moved.
    pub fn trailing_volatility(&self, row: usize, coin: usize, reach_bars: usize) -> f64 {
        self.cell(&self.volatility, row, coin) * (reach_bars as f64).sqrt()
    }

    fn cell(&self, values: &[f64], row: usize, coin: usize) -> f64 {
        let cell = row
            .checked_sub(self.start)
            .map(|row| row * self.coins + coin);
        cell.and_then(|cell| values.get(cell))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

fn of_window(panel: &Panel, rows: &Range<usize>, bars: usize) -> Vec<f64> {
    let coins = panel.coins();
    let from = rows.start.saturating_sub(bars - 1);
    let mut values = vec![f64::NAN; rows.len() * coins];
    for coin in 0..coins {
        let closes = panel.series(Column::Close, coin, from..rows.end);
        let logs: Vec<f64> = closes.iter().map(|close| close.ln()).collect();
        let means = trailing_mean(&logs, bars, panel.bar_number(from));
        let known = logs
            .iter()
            .zip(&means)
            .map(|(log, mean)| log - mean)
            .skip(rows.start - from);
        for (row, value) in known.enumerate() {
            values[row * coins + coin] = value;
        }
    }
    values
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
    use crate::{CandleTable, FeatureSet, Features};

    /// Two coins with a hole, of which the second lists late.
    fn panel(interval: &str, rows: usize) -> Panel {
        let interval: market::Interval = interval.parse().unwrap();
        let coins: Vec<_> = (0..2_usize)
            .map(|coin| {
                let mut candles = CandleTable::default();
                for row in (40 * coin..rows).filter(|row| !(300..307).contains(row)) {
                    let mut values = [f64::NAN; Column::ALL.len()];
                    values[Column::Close as usize] = 100.0 + ((row * (7 + coin)) % 31) as f64;
                    candles.push_row(row as i64 * interval.ms(), values);
                }
                (Symbol::new(&format!("COIN{coin}")).unwrap(), candles)
            })
            .collect();
        Panel::build(&coins, interval, (0, rows as i64 * interval.ms()), 60, &[])
    }

    #[test]
    fn on_minutes_they_are_the_features_of_that_name() {
        let panel = panel("1m", 400);
        let features = Features::all(FeatureSet::CLOSE6).compute(&panel, 0..400);
        let found = Deviations::of(&panel, 250..400);
        for row in 250..400 {
            for coin in 0..2 {
                let [_, hour, four_hours] = found.at(row, coin);
                let cell = features.cell(row, coin);
                assert_eq!(
                    [hour as f32, four_hours as f32].map(f32::to_bits),
                    [cell[3], cell[4]].map(f32::to_bits)
                );
            }
        }
        assert!(
            found
                .at(249, 0)
                .iter()
                .chain(&found.at(400, 0))
                .all(|value| value.is_nan())
        );
    }

    #[test]
    fn on_five_minutes_four_hours_are_48_bars() {
        let panel = panel("5m", 100);
        let found = Deviations::of(&panel, 60..100);
        let log = |row: usize| panel.value(Column::Close, row, 0).ln();
        for (value, bars) in found.at(80, 0).into_iter().zip([6, 12, 48]) {
            let mean = (81 - bars..=80).map(log).sum::<f64>() / bars as f64;
            assert!(
                (value - (log(80) - mean)).abs() < 1e-12,
                "{value} of {bars} bars"
            );
        }
    }

    #[test]
    fn the_volatility_is_of_four_hours_wherever_the_history_starts() {
        assert_eq!(
            [1, 5, 60, 61, 1440].map(|minutes| volatility_bars(minutes * 60_000)),
            [240, 48, 4, 48, 48]
        );
        let panel = panel("5m", 100);
        let found = Deviations::of(&panel, 48..100);
        let log = |row: usize| panel.value(Column::Close, row, 0).ln();
        let squares = (33..=80).map(|row| (log(row) - log(row - 1)).powi(2));
        let expected = (squares.sum::<f64>() / 48.0 * 3.0).sqrt();
        let value = found.trailing_volatility(80, 0, 3);
        assert!((value - expected).abs() < 1e-15, "{value} and {expected}");
        let later = Deviations::of(&panel, 70..100);
        assert_eq!(value, later.trailing_volatility(80, 0, 3));
        let all = Deviations::of(&panel, 0..100);
        assert!(all.trailing_volatility(47, 0, 3).is_nan(), "47 returns");
        assert_eq!(
            found.trailing_volatility(48, 0, 3),
            all.trailing_volatility(48, 0, 3)
        );
    }

    #[test]
    fn a_mean_of_one_bar_or_of_a_part_of_one_is_unknown() {
        let of = |bar_minutes: i64| {
            DEVIATION_MINUTES.map(|minutes| deviation_bars(minutes, bar_minutes * 60_000))
        };
        assert_eq!(of(1), [Some(30), Some(60), Some(240)]);
        assert_eq!(of(15), [Some(2), Some(4), Some(16)]);
        assert_eq!(of(60), [None, None, Some(4)]);
        assert_eq!(of(480), [None; 3]);
        let panel = panel("1h", 100);
        let [half, hour, four_hours] = Deviations::of(&panel, 60..100).at(80, 0);
        assert!(half.is_nan() && hour.is_nan() && four_hours.is_finite());
    }
}

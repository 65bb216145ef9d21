//! Controls of returns: what a sceptic forecasts from closes. The price goes on as in the last bar,
//! or turns back, or returns to its mean of the last half hour, hour or four hours.

use std::ops::Range;

use market::Interval;

use super::control::{Control, ControlSign};
use crate::features::trailing_mean;
use crate::{Column, Panel};

/// Lengths of the means in minutes.
const MINUTES: [u32; 3] = [30, 60, 240];

/// A mean of fewer bars is the close itself.
const LEAST_BARS: u32 = 2;

/// The controls of a return: `last_return`, the simple return of the last bar, and its negative; and
/// the negatives of `deviation_30m`, `deviation_60m` and `deviation_240m`, ln close minus its mean
/// over so many minutes. All are of closes that are known at t, filled ones included.
///
/// Left out is a mean that would have fewer than two bars, or a part of one.
pub fn close_controls(interval: Interval) -> Vec<Control> {
    let last_return = Control::of_each("last_return", ControlSign::Both, Panel::last_return);
    let deviation = |minutes: u32| {
        let bars = mean_bars(minutes, interval)?;
        Some(Control::new(
            format!("deviation_{minutes}m"),
            ControlSign::Negated,
            move |panel, rows| deviations(panel, &rows, bars),
        ))
    };
    std::iter::once(last_return)
        .chain(MINUTES.into_iter().filter_map(deviation))
        .collect()
}

/// Bars that a mean of so many minutes has; None where it would have fewer than two, or a part of
/// one.
fn mean_bars(minutes: u32, interval: Interval) -> Option<usize> {
    let span_ms = i64::from(minutes) * 60_000;
    let bars = u32::try_from(span_ms / interval.ms()).ok()?;
    (span_ms % interval.ms() == 0 && bars >= LEAST_BARS).then_some(bars as usize)
}

/// `ln(close[t])` minus its mean over the last `bars`, `[rows, coins]`: the feature `deviation_w` with
/// w in minutes instead of bars.
fn deviations(panel: &Panel, rows: &Range<usize>, bars: usize) -> Vec<f64> {
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

    /// The values of a control of two coins at some rows.
    fn values(name: &str, panel: &Panel, rows: Range<usize>) -> Vec<f64> {
        let controls = close_controls(panel.interval());
        let control = controls.iter().find(|control| control.column.name == name);
        control.unwrap().values(panel, rows)
    }

    #[test]
    fn on_minutes_they_are_the_features_of_that_name() {
        let panel = panel("1m", 400);
        let features = Features::all(FeatureSet::CLOSE6).compute(&panel, 0..400);
        let [hour, four_hours] =
            ["deviation_60m", "deviation_240m"].map(|name| values(name, &panel, 250..400));
        for row in 250..400 {
            for coin in 0..2 {
                let (place, cell) = ((row - 250) * 2 + coin, features.cell(row, coin));
                assert_eq!(
                    [hour[place] as f32, four_hours[place] as f32].map(f32::to_bits),
                    [cell[3], cell[4]].map(f32::to_bits)
                );
            }
        }
        let last = values("last_return", &panel, 250..400);
        assert_eq!(
            last[2 * 50 + 1].to_bits(),
            panel.last_return(300, 1).to_bits()
        );
        assert_eq!(last.len(), 300);
    }

    #[test]
    fn on_five_minutes_four_hours_are_48_bars() {
        let panel = panel("5m", 100);
        let log = |row: usize| panel.value(Column::Close, row, 0).ln();
        for (name, bars) in [
            ("deviation_30m", 6),
            ("deviation_60m", 12),
            ("deviation_240m", 48),
        ] {
            let value = values(name, &panel, 60..100)[2 * 20];
            let mean = (81 - bars..=80).map(log).sum::<f64>() / bars as f64;
            assert!(
                (value - (log(80) - mean)).abs() < 1e-12,
                "{value} of {bars} bars"
            );
        }
    }

    #[test]
    fn a_mean_of_one_bar_or_of_a_part_of_one_is_left_out() {
        let names = |interval: &str| {
            let controls = close_controls(interval.parse().unwrap()).into_iter();
            controls
                .map(|control| control.column.name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let all = "last_return deviation_30m deviation_60m deviation_240m";
        assert_eq!((names("1m").as_str(), names("15m").as_str()), (all, all));
        assert_eq!(names("1h"), "last_return deviation_240m");
        assert_eq!(names("8h"), "last_return");
    }
}

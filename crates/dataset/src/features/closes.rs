//! `closes12` and `closes13`, computed for all coins at once: a row of the panel is one stretch of
//! memory.

use std::ops::Range;

use market::Interval;

use super::group::GroupChoice;
use super::set::{Feature, FeatureFormulas};
use super::single;
use super::trailing::trailing_means;
use crate::{Column, Panel};

/// Reaches of the log returns, in bars.
const RETURNS: [usize; 5] = [1, 5, 15, 30, 60];

/// Windows of the trends, in bars.
const TRENDS: [usize; 2] = [15, 60];

/// The features of `closes13`; `closes12` lacks the last.
const FEATURES: [Feature; 13] = [
    Feature::new("return_1", "ln(close[t] / close[t - 1])"),
    Feature::new("return_5", "ln(close[t] / close[t - 5])"),
    Feature::new("return_15", "ln(close[t] / close[t - 15])"),
    Feature::new("return_30", "ln(close[t] / close[t - 30])"),
    Feature::new("return_60", "ln(close[t] / close[t - 60])"),
    Feature::new("trend_15", "ln(close[t] / mean of the 15 closes before it)"),
    Feature::new("trend_60", "ln(close[t] / mean of the 60 closes before it)"),
    Feature::new(
        "relative_return_1",
        "`return_1` minus its mean over the coins at that time",
    ),
    Feature::new(
        "relative_return_5",
        "`return_5` minus its mean over the coins at that time",
    ),
    Feature::new(
        "relative_return_15",
        "`return_15` minus its mean over the coins at that time",
    ),
    Feature::new(
        "relative_return_30",
        "`return_30` minus its mean over the coins at that time",
    ),
    Feature::new(
        "relative_return_60",
        "`return_60` minus its mean over the coins at that time",
    ),
    Feature::new("relative_close", "the close minus its mean over the coins"),
];

/// Log returns, trends and market-relative returns of closes, as an earlier LightGBM pipeline had
/// them.
pub(super) static CLOSES12: Closes = Closes {
    name: "closes12",
    description: "Log returns, trends and returns relative to the other coins, of closes alone, to \
                  reproduce an earlier LightGBM pipeline.",
    features: 12,
};

/// `closes12` and the market-relative close, which depends on what a coin happens to cost.
pub(super) static CLOSES13: Closes = Closes {
    name: "closes13",
    description: "`closes12` and the close relative to the other coins, which depends on what a \
                  coin happens to cost.",
    features: 13,
};

/// One of the two sets.
#[derive(Debug)]
pub(super) struct Closes {
    name: &'static str,
    description: &'static str,
    /// How many of [`FEATURES`] it has.
    features: usize,
}

impl FeatureFormulas for Closes {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
    }

    fn features(&self) -> &'static [Feature] {
        &FEATURES[..self.features]
    }

    fn warm_up_bars(&self, _interval: Interval) -> usize {
        61
    }

    fn compute(&self, chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
        compute(chosen, panel, rows, out);
    }
}

/// Writes the features at `rows`, row-major `[rows, coins x features]`.
///
/// Each row is a function of its last [`GroupChoice::warm_up_bars`] rows in `rows` or before it, and
/// of nothing else.
fn compute(chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
    let (coins, features) = (panel.coins(), chosen.features);
    let from = rows.start.saturating_sub(chosen.warm_up_bars - 1);
    let closes = panel.matrix(Column::Close, from..rows.end);
    let log_closes: Vec<f64> = closes.iter().map(|close| close.ln()).collect();
    let log_means = TRENDS.map(|window| {
        let mut means = trailing_means(closes, coins, window, panel.bar_number(from));
        means.iter_mut().for_each(|mean| *mean = mean.ln());
        means
    });
    let unknown = vec![f64::NAN; coins];
    let at = |matrix: &'_ [f64], row: Option<usize>| -> Option<Range<usize>> {
        row.map(|row| row * coins..(row + 1) * coins)
            .filter(|range| range.end <= matrix.len())
    };
    for (row, out) in
        (rows.start - from..rows.end - from).zip(out.chunks_exact_mut(coins * features))
    {
        let now = &log_closes[row * coins..(row + 1) * coins];
        // The log close so many bars ago, and the mean of the closes before this one.
        let earlier = RETURNS.map(|bars| {
            at(&log_closes, row.checked_sub(bars)).map_or(&unknown[..], |r| &log_closes[r])
        });
        let [short, long] = [&log_means[0], &log_means[1]]
            .map(|means| at(means, row.checked_sub(1)).map_or(&unknown[..], |r| &means[r]));
        let mut mean = [0.0; RETURNS.len()];
        let mut count = [0.0; RETURNS.len()];
        for coin in 0..coins {
            for (reach, earlier) in earlier.iter().enumerate() {
                let value = now[coin] - earlier[coin];
                mean[reach] += if value.is_nan() { 0.0 } else { value };
                count[reach] += f64::from(u8::from(!value.is_nan()));
            }
        }
        for (sum, count) in mean.iter_mut().zip(count) {
            *sum /= count;
        }
        for (coin, cell) in out.chunks_exact_mut(features).enumerate() {
            for (reach, earlier) in earlier.iter().enumerate() {
                let value = now[coin] - earlier[coin];
                cell[reach] = single(value);
                cell[RETURNS.len() + TRENDS.len() + reach] = single(value - mean[reach]);
            }
            cell[RETURNS.len()] = single(now[coin] - short[coin]);
            cell[RETURNS.len() + 1] = single(now[coin] - long[coin]);
        }
        if features == FEATURES.len() {
            let close = &closes[row * coins..(row + 1) * coins];
            let seen = close.iter().filter(|close| !close.is_nan());
            let mean = seen.clone().sum::<f64>() / seen.count() as f64;
            for (cell, close) in out.chunks_exact_mut(features).zip(close) {
                cell[features - 1] = single(close - mean);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CandleTable, Column, FeatureSet, Features};
    use market::Symbol;

    const ROWS: usize = 150;

    fn close(row: usize, coin: usize) -> f64 {
        100.0 * (coin + 1) as f64 + ((row * (7 + 5 * coin)) % 31) as f64
    }

    /// Three coins; the last one lists at row 80.
    fn panel() -> Panel {
        let coins: Vec<_> = (0..3)
            .map(|coin| {
                let mut candles = CandleTable::default();
                for row in (0..ROWS).filter(|&row| coin < 2 || row >= 80) {
                    let mut values = [f64::NAN; Column::ALL.len()];
                    values[Column::Close as usize] = close(row, coin);
                    candles.push_row(row as i64 * 60_000, values);
                }
                (Symbol::new(&format!("COIN{coin}")).unwrap(), candles)
            })
            .collect();
        Panel::build(
            &coins,
            "1m".parse().unwrap(),
            (0, ROWS as i64 * 60_000),
            60,
            &[],
        )
    }

    #[test]
    fn features_equal_their_formulas() {
        let panel = panel();
        let features = Features::all(FeatureSet::of(&CLOSES13)).compute(&panel, 0..ROWS);
        let twelve = Features::all(FeatureSet::of(&CLOSES12)).compute(&panel, 0..ROWS);
        let is_listed = |row: usize, coin: usize| coin < 2 || row >= 80;
        let log_return = |row: usize, coin: usize, bars: usize| {
            let earlier = row.checked_sub(bars).filter(|&row| is_listed(row, coin));
            earlier.map_or(f64::NAN, |earlier| {
                (close(row, coin) / close(earlier, coin)).ln()
            })
        };
        let relative = |of: &dyn Fn(usize) -> f64, coin: usize| {
            let known: Vec<f64> = (0..3).map(of).filter(|value| !value.is_nan()).collect();
            of(coin) - known.iter().sum::<f64>() / known.len() as f64
        };
        for row in 61..ROWS {
            for coin in (0..3).filter(|&coin| is_listed(row, coin)) {
                let returns = [1, 5, 15, 30, 60].map(|bars| log_return(row, coin, bars));
                let trends = [15, 60].map(|window| {
                    let before = row - window..row;
                    if before.clone().all(|row| is_listed(row, coin)) {
                        let mean = before.map(|row| close(row, coin)).sum::<f64>() / window as f64;
                        (close(row, coin) / mean).ln()
                    } else {
                        f64::NAN
                    }
                });
                let of_market = [1, 5, 15, 30, 60]
                    .map(|bars| relative(&|coin| log_return(row, coin, bars), coin));
                let price = relative(
                    &|coin| {
                        if is_listed(row, coin) {
                            close(row, coin)
                        } else {
                            f64::NAN
                        }
                    },
                    coin,
                );
                let expected = [&returns[..], &trends, &of_market, &[price]].concat();
                for (place, (&found, expected)) in
                    features.cell(row, coin).iter().zip(expected).enumerate()
                {
                    // A trend whose window began before the listing is of the closes that are
                    // there.
                    if expected.is_nan() && [5, 6].contains(&place) {
                        continue;
                    }
                    let close_enough =
                        (f64::from(found) - expected).abs() <= 1e-6 * expected.abs().max(1e-3);
                    assert!(
                        close_enough || found.is_nan() && expected.is_nan(),
                        "{row} {coin} {place}: {found} {expected}"
                    );
                }
                let bits =
                    |cell: &[f32]| cell.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                assert_eq!(
                    bits(&features.cell(row, coin)[..12]),
                    bits(twelve.cell(row, coin))
                );
            }
        }
    }
}

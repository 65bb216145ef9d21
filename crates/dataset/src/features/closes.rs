//! `closes12` and `closes13`, computed for all coins at once: a row of the panel is one stretch of memory.

use std::ops::Range;

use super::trailing::trailing_means;
use super::{FeatureSet, single};
use crate::{Column, Panel};

/// Reaches of the log returns, in bars.
const RETURNS: [usize; 5] = [1, 5, 15, 30, 60];

/// Windows of the trends, in bars.
const TRENDS: [usize; 2] = [15, 60];

/// Writes the features at `rows`, row-major `[rows, coins x features]`.
///
/// Each row is a function of its last [`FeatureSet::warm_up_bars`] rows in `rows` or before it, and of nothing else.
pub(super) fn compute(set: FeatureSet, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
    let (coins, features) = (panel.coins(), set.names().len());
    let from = rows.start.saturating_sub(set.warm_up_bars() - 1);
    let closes = panel.matrix(Column::Close, from..rows.end);
    let log_closes: Vec<f64> = closes.iter().map(|close| close.ln()).collect();
    let log_means = TRENDS.map(|window| {
        let mut means = trailing_means(closes, coins, window, panel.bar_number(from));
        means.iter_mut().for_each(|mean| *mean = mean.ln());
        means
    });
    let unknown = vec![f64::NAN; coins];
    let at = |matrix: &'_ [f64], row: Option<usize>| -> Option<Range<usize>> {
        row.map(|row| row * coins..(row + 1) * coins).filter(|range| range.end <= matrix.len())
    };
    for (row, out) in (rows.start - from..rows.end - from).zip(out.chunks_exact_mut(coins * features)) {
        let now = &log_closes[row * coins..(row + 1) * coins];
        // The log close so many bars ago, and the mean of the closes before this one.
        let earlier =
            RETURNS.map(|bars| at(&log_closes, row.checked_sub(bars)).map_or(&unknown[..], |r| &log_closes[r]));
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
        if set == FeatureSet::Closes13 {
            let close = &closes[row * coins..(row + 1) * coins];
            let seen = close.iter().filter(|close| !close.is_nan());
            let mean = seen.clone().sum::<f64>() / seen.count() as f64;
            for (cell, close) in out.chunks_exact_mut(features).zip(close) {
                cell[features - 1] = single(close - mean);
            }
        }
    }
}

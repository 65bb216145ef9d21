//! The alpha factor: how unusual forecasts are against their own last day, mean over coins.

use rayon::prelude::*;

use crate::Rows;
use crate::quantiles::Coins;
use crate::rows::timestamp_groups;

/// Values that a z-score needs at least.
const LEAST_BARS: usize = 60;

/// What a z-score of 1 is as a weight.
const SCALE: f64 = 0.01;

/// Deviation of each value from the mean of the `window` values that end with it, divided by their
/// standard deviation (n - 1); NaN where fewer than `least` are known or all are equal. The values
/// are finite.
///
/// # Examples
/// ```
/// let scores = evaluate::rolling_z_score(&[1.0, 3.0, 3.0], 2, 2);
/// assert!(scores[0].is_nan() && (scores[1] - 0.5_f64.sqrt()).abs() < 1e-12 && scores[2].is_nan());
/// ```
pub fn rolling_z_score(values: &[f64], window: usize, least: usize) -> Vec<f64> {
    let window = window.max(1);
    let mut scores = Vec::with_capacity(values.len());
    // Sums of deviations from a value nearby, which lose no digits; started anew once a window, so
    // that nothing adds up.
    let (mut origin, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (place, value) in values.iter().enumerate() {
        let first = (place + 1).saturating_sub(window);
        let known = &values[first..=place];
        if place % window == 0 {
            origin = *value;
            sum = known.iter().map(|value| value - origin).sum();
            squares = known.iter().map(|value| (value - origin).powi(2)).sum();
        } else {
            sum += value - origin;
            squares += (value - origin).powi(2);
            if let Some(left) = first.checked_sub(1) {
                sum -= values[left] - origin;
                squares -= (values[left] - origin).powi(2);
            }
        }
        let count = known.len() as f64;
        let variance = (squares - sum * sum / count) / (count - 1.0);
        let is_spread =
            known.len() >= least.max(2) && variance > 1e-12 * squares / count && variance > 0.0;
        let score = (value - origin - sum / count) / variance.sqrt();
        scores.push(if is_spread { score } else { f64::NAN });
    }
    scores
}

/// One hundredth of the mean over coins, at every time, of the z-scores of forecasts over the last
/// `window` of the coin (a day of bars, usually; at least 60 are needed); times at which no coin
/// has one are left out.
pub fn alpha_factor(rows: &Rows, forecast: &[f64], window: usize) -> Vec<(i64, f64)> {
    let coins = Coins::new(rows);
    let of_coin =
        |places: &Vec<u32>| rolling_z_score(&Coins::values(places, forecast), window, LEAST_BARS);
    let scores: Vec<Vec<f64>> = coins.places.par_iter().map(of_coin).collect();
    let mut score = vec![f64::NAN; rows.len()];
    for (row, value) in coins.places.iter().flatten().zip(scores.iter().flatten()) {
        score[*row as usize] = *value;
    }
    let of_time = |group: std::ops::Range<usize>| {
        let known = score[group.clone()].iter().filter(|value| !value.is_nan());
        let (count, sum) = known.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        (count > 0.0).then(|| (rows.time_ms[group.start], SCALE * sum / count))
    };
    let mut factor: Vec<(i64, f64)> = timestamp_groups(&rows.time_ms)
        .into_iter()
        .filter_map(of_time)
        .collect();
    factor.sort_by_key(|(time_ms, _)| *time_ms);
    factor
}

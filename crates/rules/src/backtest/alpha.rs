//! The alpha factor: how unusual forecasts are against their own last day, mean over coins.

use rayon::prelude::*;
use score::Rows;
use statistics::{rolling_z_score, timestamp_groups};

use crate::quantiles::RowsByCoin;

/// Values that a z-score needs at least.
const LEAST_BARS: usize = 60;

/// What a z-score of 1 is as a weight.
const SCALE: f64 = 0.01;

/// One hundredth of the mean over coins, at every time, of the z-scores of forecasts over the last
/// `window` of the coin (a day of bars, usually; at least 60 are needed); times at which no coin
/// has one are left out.
pub fn alpha_factor(rows: &Rows, forecast: &[f64], window: usize) -> Vec<(i64, f64)> {
    let coins = RowsByCoin::new(rows);
    let of_coin = |places: &Vec<u32>| {
        rolling_z_score(&RowsByCoin::values(places, forecast), window, LEAST_BARS)
    };
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

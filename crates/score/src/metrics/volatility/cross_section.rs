//! The coins of one time beside each other.

use statistics::{are_equal, average_ranks, spearman};

/// Spearman's correlation across the coins of a time, of at least three; 0 where the forecasts are
/// equal.
pub(super) fn spearman_of_time(forecast: &[f64], realized: &[f64]) -> Option<f64> {
    match are_equal(forecast) {
        true => (forecast.len() >= 3).then_some(0.0),
        false => spearman(forecast, realized),
    }
}

/// Of the fifth of the coins with the highest forecasts, the share that is among the fifth with the
/// highest outcomes; None where a fifth is no whole coin.
pub(super) fn top_hits(forecast: &[f64], realized: &[f64]) -> Option<f64> {
    let count = (0.2 * forecast.len() as f64).round() as usize;
    let highest = |values: &[f64]| {
        let mut places: Vec<usize> = (0..values.len()).collect();
        places.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        let mut is_high = vec![false; values.len()];
        places
            .iter()
            .take(count)
            .for_each(|&place| is_high[place] = true);
        is_high
    };
    let (forecast, realized) = (highest(forecast), highest(realized));
    let hits = forecast
        .iter()
        .zip(&realized)
        .filter(|(a, b)| **a && **b)
        .count();
    (count > 0).then(|| hits as f64 / count as f64)
}

/// Average ranks as parts of their number, about 0.
pub(super) fn centred_ranks(values: &[f64]) -> Vec<f64> {
    let count = values.len() as f64;
    average_ranks(values)
        .into_iter()
        .map(|rank| rank / count - 0.5)
        .collect()
}

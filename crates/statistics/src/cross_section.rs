//! Statistics across the coins of one timestamp: information coefficients and market-neutral
//! values.

use std::ops::Range;

use rayon::prelude::*;
use serde::Serialize;

use crate::correlation::{pearson, spearman};
use crate::mean::mean;

/// Coins a timestamp needs at least to have an information coefficient.
const LEAST_COINS: usize = 3;

/// A deviation from the mean below this share of the value is rounding, not a view on the coin.
const ROUNDING: f64 = 1e-12;

/// Mean and spread of the information coefficient over timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InformationCoefficient {
    /// Mean over timestamps.
    pub mean: Option<f64>,
    /// Standard deviation over timestamps, with n - 1.
    pub std: Option<f64>,
    /// Mean divided by standard deviation, for one timestamp (not annualized).
    pub icir: Option<f64>,
    /// Timestamps at which it is defined.
    pub timestamps: usize,
}

/// Pearson correlation across the coins of each timestamp; `None` below three coins or where a side
/// is constant.
///
/// # Shapes
/// `groups`: rows of each timestamp, as of [`timestamp_groups`](crate::timestamp_groups); the
/// result has one entry a group. Groups outside the slices are undefined.
pub fn ic_per_timestamp(
    groups: &[Range<usize>],
    forecast: &[f64],
    realized: &[f64],
) -> Vec<Option<f64>> {
    per_timestamp(groups, forecast, realized, pearson)
}

/// As [`ic_per_timestamp`], with Spearman's rank correlation.
pub fn rank_ic_per_timestamp(
    groups: &[Range<usize>],
    forecast: &[f64],
    realized: &[f64],
) -> Vec<Option<f64>> {
    per_timestamp(groups, forecast, realized, spearman)
}

fn per_timestamp(
    groups: &[Range<usize>],
    forecast: &[f64],
    realized: &[f64],
    correlation: fn(&[f64], &[f64]) -> Option<f64>,
) -> Vec<Option<f64>> {
    let of_group = |group: &Range<usize>| {
        let forecast = forecast.get(group.clone())?;
        let realized = realized.get(group.clone())?;
        if group.len() < LEAST_COINS {
            return None;
        }
        correlation(forecast, realized)
    };
    groups.par_iter().map(of_group).collect()
}

/// Mean, standard deviation and their ratio over the timestamps at which the coefficient is
/// defined.
pub fn summarize_ic(coefficients: &[Option<f64>]) -> InformationCoefficient {
    let defined: Vec<f64> = coefficients.iter().flatten().copied().collect();
    let count = defined.len();
    let mean = (count > 0).then(|| mean(&defined));
    let std = mean.filter(|_| count > 1).map(|mean| {
        let squares: f64 = defined.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (count - 1) as f64).sqrt()
    });
    let icir = mean
        .zip(std)
        .filter(|(_, std)| *std > 0.0)
        .map(|(mean, std)| mean / std);
    InformationCoefficient {
        mean,
        std,
        icir,
        timestamps: count,
    }
}

/// Both sides minus their mean over the coins of each timestamp: what is left without the whole
/// market's move.
///
/// Rows with a NaN on either side, and timestamps with a single coin, come back as NaN on both
/// sides. A deviation that is no more than rounding of its value becomes 0, so that the same
/// forecast for all coins is constant, not noise.
///
/// # Shapes
/// `groups` as in [`ic_per_timestamp`]; the results have the length of `forecast` and `realized`.
pub fn neutralize(
    groups: &[Range<usize>],
    forecast: &[f64],
    realized: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let mut neutral_forecast = vec![f64::NAN; forecast.len()];
    let mut neutral_realized = vec![f64::NAN; realized.len()];
    let end = forecast.len().min(realized.len());
    for group in groups.iter().filter(|group| group.end <= end) {
        let known = |row: &usize| !forecast[*row].is_nan() && !realized[*row].is_nan();
        let (mut coins, mut forecast_mean, mut realized_mean) = (0, 0.0, 0.0);
        for row in group.clone().filter(known) {
            coins += 1;
            forecast_mean += forecast[row];
            realized_mean += realized[row];
        }
        if coins < 2 {
            continue;
        }
        forecast_mean /= f64::from(coins);
        realized_mean /= f64::from(coins);
        for row in group.clone().filter(known) {
            neutral_forecast[row] = deviation(forecast[row], forecast_mean);
            neutral_realized[row] = deviation(realized[row], realized_mean);
        }
    }
    (neutral_forecast, neutral_realized)
}

fn deviation(value: f64, mean: f64) -> f64 {
    let deviation = value - mean;
    let rounding = ROUNDING * value.abs();
    if deviation.abs() <= rounding {
        0.0
    } else {
        deviation
    }
}

#[cfg(test)]
#[expect(
    clippy::single_range_in_vec_init,
    reason = "one timestamp is one range of rows"
)]
mod tests {
    use super::*;

    #[test]
    fn one_forecast_for_all_coins_is_neutral_to_the_last_bit() {
        let forecast = [0.1; 7];
        let (neutral, _) = neutralize(&[0..7], &forecast, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(neutral, [0.0; 7]);
    }

    #[test]
    fn a_single_coin_has_no_neutral_value() {
        let (forecast, realized) =
            neutralize(&[0..1, 1..3], &[1.0, 1.0, 3.0], &[1.0, f64::NAN, 2.0]);
        assert!(forecast.iter().chain(&realized).all(|value| value.is_nan()));
    }

    #[test]
    fn two_coins_have_no_information_coefficient() {
        assert_eq!(ic_per_timestamp(&[0..2], &[1.0, 2.0], &[1.0, 2.0]), [None]);
        let one = summarize_ic(&[Some(0.5), None]);
        assert_eq!(
            (one.mean, one.std, one.icir, one.timestamps),
            (Some(0.5), None, None, 1)
        );
    }
}

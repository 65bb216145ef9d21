//! How well a coin is forecast over time.

use statistics::quantile;

use super::base::VOLATILITY;
use crate::levels::coin_r2;
use crate::metrics::estimate::Estimate;
use crate::metrics::metric::Metric;
use crate::metrics::sample::Sample;

/// Median over coins of R2 over time.
pub const METRIC: Metric = Metric {
    name: "r2_within_coin",
    title: "R2 within a coin",
    legend: "R2 of one coin over time, the median over coins",
    formula: "median over coins of 1 - sum of (realized - forecast)^2 / sum of (realized - the \
        coin's mean)^2 of volatilities per day",
    of: |sample| {
        let mut coins = of_coins(sample);
        coins.sort_unstable_by(f64::total_cmp);
        Estimate::point(quantile(&coins, 0.5))
    },
    ..VOLATILITY
};

fn of_coins(sample: &Sample<'_>) -> Vec<f64> {
    let Some(level) = sample.level() else {
        return Vec::new();
    };
    let of_coin = |rows: &Vec<usize>| {
        let forecast: Vec<f64> = rows.iter().map(|&row| level.volatility[row]).collect();
        let realized = rows.iter().map(|&row| sample.rows().realized[row].exp());
        coin_r2(&forecast, &realized.collect::<Vec<f64>>())
    };
    sample.coins().iter().filter_map(of_coin).collect()
}

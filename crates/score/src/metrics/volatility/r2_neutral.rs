//! How well the coins beside each other are forecast.

use super::base::VOLATILITY;
use super::sums::{market_means, of_times};
use crate::metrics::metric::Metric;

/// R2 of deviations from the mean over the coins of a time.
pub const METRIC: Metric = Metric {
    name: "r2_neutral",
    title: "R2 within a day",
    legend: "as R2, of deviations from the mean over the coins of a time: how well coins are told \
        apart, whatever the market does",
    formula: "1 - sum of (y - f)^2 / sum of y^2, y and f realized and forecast volatility minus their \
        means over the coins of the time",
    interval: Some("r2_neutral_interval"),
    of: |sample| {
        of_times(
            sample,
            |level, time, realized| {
                let forecast = &level.volatility[time];
                let [market, mean] = market_means(forecast, realized);
                let pairs = realized.iter().zip(forecast);
                pairs.fold([0.0; 2], |[error, whole], (realized, forecast)| {
                    let own = realized - market;
                    [error + (own - (forecast - mean)).powi(2), whole + own * own]
                })
            },
            |[error, whole]| Some(1.0 - error / whole),
        )
    },
    ..VOLATILITY
};

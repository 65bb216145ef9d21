//! How well the level of the whole market is forecast.

use super::base::VOLATILITY;
use super::sums::{market_means, of_times, r_squared};
use crate::metrics::metric::Metric;

/// R2 of the mean over the coins of a time.
pub const METRIC: Metric = Metric {
    name: "r2_market",
    title: "R2 of the market",
    legend: "as R2, of the mean over the coins of a time: how well the level of the whole market is \
        forecast",
    formula: "1 - sum of (M - F)^2 / sum of (M - mean of M)^2 over all rows, M and F the means of \
        realized and forecast volatility over the coins of the row's time",
    interval: Some("r2_market_interval"),
    of: |sample| {
        of_times(
            sample,
            |level, time, realized| {
                let [market, forecast] = market_means(&level.volatility[time], realized);
                let rows = realized.len() as f64;
                [
                    rows * (market - forecast).powi(2),
                    rows * market,
                    rows * market * market,
                    rows,
                ]
            },
            r_squared,
        )
    },
    ..VOLATILITY
};

//! Explained variance of the volatility.

use super::base::VOLATILITY;
use super::sums::{of_rows, r_squared};
use crate::metrics::metric::{Metric, ReportSection};

/// R2 of the volatility, against the mean of the scored rows.
pub const METRIC: Metric = Metric {
    name: "r2",
    title: "R2",
    legend: "share of the variance of the volatility that is explained: 0 is what the mean of the \
        scored rows would have, which nobody knows before",
    formula: "1 - sum of (realized - forecast)^2 / sum of (realized - its mean)^2 of volatilities per \
        day, over all rows. A few market-wide events decide it: look at QLIKE first",
    section: ReportSection::Scores,
    interval: Some("r2_interval"),
    of: |sample| {
        of_rows(
            sample,
            |level, row, realized| {
                let error = realized - level.volatility[row];
                Some([error * error, realized, realized * realized, 1.0])
            },
            r_squared,
        )
    },
    ..VOLATILITY
};

//! R2 of price levels, which the last price has too.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, ReportSection, Unit};
use crate::price_errors::{median, of_coins, r_squared};

/// R2 of a coin's price, the median over coins.
pub const METRIC: Metric = Metric {
    name: "price_r2",
    title: "R2 of prices",
    legend: "share of the variance of a coin's price level that is explained, the median over \
        coins; the last price alone (`zero`) explains nearly all of it, so a high value is no skill",
    formula: "median over coins of 1 - sum of (price - price forecast)^2 / sum of (price - its mean)^2; \
        their mean would be that of the coins whose price hardly moves",
    unit: Unit::Correlation,
    section: ReportSection::Prices,
    of: |sample| Estimate::point(of_coins(sample, r_squared).and_then(median)),
    ..Metric::FURTHER
};

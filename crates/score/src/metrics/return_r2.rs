//! R2 of returns, which no price level can lift.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, ReportSection};
use crate::price_errors::r_squared;

/// Share of the variance of what came that is explained, over all rows.
pub const METRIC: Metric = Metric {
    name: "return_r2",
    title: "R2 of returns",
    legend: "share of the variance of returns that is explained: 0 is what their mean would have, \
        and few forecasts of returns are above it",
    formula: "1 - sum of (realized - forecast)^2 / sum of (realized - its mean)^2, over all rows",
    section: ReportSection::Prices,
    of: |sample| {
        let value = r_squared(sample.forecast(), &sample.rows().realized);
        Estimate::point(value.filter(|_| !sample.is_unknown()))
    },
    ..Metric::FURTHER
};

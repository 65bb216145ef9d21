//! IC a day of forecasts and returns as they are: what the market does as a whole is in it.

use crate::daily::IcVariant;
use crate::metrics::metric::{Metric, ReportSection};

/// IC a day without taking off the mean over coins, so that the whole market's move counts.
pub const METRIC: Metric = Metric {
    name: "ic_a_day_raw",
    title: "IC raw",
    legend: "IC a day without taking off the mean over coins, so that the whole market's move \
        counts",
    formula: "as ic_a_day, of f = forecast / v and r = ln(1 + return entered one bar later) / v \
        as they are",
    section: ReportSection::Scores,
    interval: Some("ic_a_day_raw_interval"),
    of: |sample| sample.ic_a_day(IcVariant::Whole),
    minus: Some(|a, b| a.ic_a_day_minus(b, IcVariant::Whole)),
    ..Metric::FURTHER
};

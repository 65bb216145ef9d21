//! IC a day: a score that no single hour decides, and the one to decide on.
//!
//! Each UTC day counts once; both sides are in units of the coin's trailing volatility, the return
//! is clipped at five of them. The correlation is about zero: the mean of a day is not known before
//! its end, so that centring within the day looks ahead.

use crate::daily::IcVariant;
use crate::metrics::metric::{Metric, ReportSection};

/// Correlation about zero within a UTC day, market-neutral, entry one bar later; mean over days.
pub const METRIC: Metric = Metric {
    name: "ic_a_day",
    title: "IC a day",
    legend: "correlation about zero within a UTC day, market-neutral, entry one bar later; the \
        mean over days",
    formula: "mean over days of sum(f r) / sqrt(sum f^2 sum r^2) over the pairs of the day: f = \
        forecast / v, r = ln(1 + return entered one bar later) / v, each minus its mean \
        over the coins of that time, r then clipped to -5 .. 5; v is the trailing \
        volatility. t = mean / (sd / sqrt(days)); where days share returns, the sd is Newey and \
        West's (1987), with lags up to twice the days that a return reaches beyond its own. \
        Interval: days drawn as wholes, in blocks no shorter than the reach",
    section: ReportSection::Scores,
    interval: Some("ic_a_day_interval"),
    has_t: true,
    of: |sample| sample.ic_a_day(IcVariant::Neutral),
    minus: Some(|a, b| a.ic_a_day_minus(b, IcVariant::Neutral)),
    ..Metric::FURTHER
};

//! Sharpe ratio of trading the sign of every forecast.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, ReportSection, Unit};
use crate::sign_rule::SignRule;

/// Sharpe ratio a year of the sign rule after fees.
pub const METRIC: Metric = Metric {
    name: "sign_sharpe",
    title: "Sharpe",
    legend: "Sharpe ratio a year, after fees of 10 bp a fill, of holding every coin long or short \
        by the sign of its forecast for as long as the target reaches",
    formula: "capital spread evenly over the coins with a forecast other than 0, traded anew after \
        each reach, 10 bp of what is traded; mean / standard deviation x root of the reaches in a \
        year, the mean over the bars that the first reach can begin on",
    unit: Unit::Ratio,
    section: ReportSection::Prices,
    of: |sample| Estimate::point(SignRule::new(sample).and_then(|rule| rule.sharpe())),
    ..Metric::FURTHER
};

//! Drawdown of trading the sign of every forecast.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, ReportSection, Unit};
use crate::sign_rule::SignRule;

/// Deepest fall from a peak of the sign rule after fees.
pub const METRIC: Metric = Metric {
    name: "sign_drawdown",
    title: "drawdown",
    legend: "deepest fall from a peak of the same, in parts of the peak",
    formula: "of the capital of the rule of `sign_sharpe`, compounded reach by reach; the mean over \
        the bars that the first reach can begin on",
    unit: Unit::Share,
    section: ReportSection::Prices,
    of: |sample| Estimate::point(SignRule::new(sample).and_then(|rule| rule.drawdown())),
    ..Metric::FURTHER
};

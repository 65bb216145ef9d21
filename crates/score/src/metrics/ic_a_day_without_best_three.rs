//! The IC a day without its three best days: a score that hangs on few of them falls.

use crate::daily::{DayMean, IcVariant};
use crate::metrics::estimate::Estimate;
use crate::metrics::metric::Metric;

/// IC a day, mean over all days but the best three.
pub const METRIC: Metric = Metric {
    name: "ic_a_day_without_best_three",
    title: "best 3 out",
    legend: "IC a day, mean over all days but the best three",
    formula: "mean over days of ic_a_day, the three highest left out",
    of: |sample| Estimate::point(DayMean::new(&sample.days(IcVariant::Neutral)).without_best_three),
    ..Metric::FURTHER
};

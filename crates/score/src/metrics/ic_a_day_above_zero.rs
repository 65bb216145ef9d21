//! The days behind the IC a day: share of days with an IC above 0.

use crate::daily::{DayMean, IcVariant};
use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, Unit};

/// Share of days with an IC above 0.
pub const METRIC: Metric = Metric {
    name: "ic_a_day_above_zero",
    title: "days > 0",
    legend: "share of days with an IC above 0",
    formula: "days with an IC above 0 / days with an IC",
    unit: Unit::Share,
    of: |sample| Estimate::point(DayMean::new(&sample.days(IcVariant::Neutral)).above_zero),
    ..Metric::FURTHER
};

//! The days behind the IC a day: share of the sum of the ICs a day that the best day has.

use crate::daily::{DayMean, IcVariant};
use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, Unit};

/// Share of the sum of the ICs a day that the best day has.
pub const METRIC: Metric = Metric {
    name: "ic_a_day_best_day",
    title: "best day",
    legend: "share of the sum of the ICs a day that the best day has",
    formula: "highest IC of a day / sum over days, where the sum is above 0",
    unit: Unit::Share,
    better: Better::Lower,
    of: |sample| Estimate::point(DayMean::new(&sample.days(IcVariant::Neutral)).best_day),
    ..Metric::FURTHER
};

//! How wide intervals are.

use crate::metrics::interval_metric::IntervalMetric;
use crate::metrics::metric::Unit;

/// Mean width of the intervals.
pub const METRIC: IntervalMetric = IntervalMetric {
    name: "width",
    title: "width",
    legend: "mean width of the intervals",
    formula: "mean of upper - lower",
    unit: Unit::Target,
    better: "lower, at the same coverage,",
    of_row: |[lower, upper], _, _| upper - lower,
};

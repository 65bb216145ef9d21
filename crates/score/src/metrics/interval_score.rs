//! The proper score of intervals.

use statistics::interval_score;

use crate::metrics::interval_metric::IntervalMetric;
use crate::metrics::metric::Unit;

/// Width, and what lies outside.
pub const METRIC: IntervalMetric = IntervalMetric {
    name: "interval_score",
    title: "interval score",
    legend: "width, plus what lies outside times 2 / (1 - coverage asked for): wide intervals and \
        misses both cost",
    formula: "mean of upper - lower + 2 / (1 - c) max(lower - realized, realized - upper, 0), with \
        the coverage c that was asked for. Gneiting and Raftery, JASA 102 (2007), equation 43",
    unit: Unit::Target,
    better: "lower",
    of_row: interval_score,
};

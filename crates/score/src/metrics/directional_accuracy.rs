//! How often the sign was right.

use statistics::directional_accuracy;

use crate::metrics::metric::{Metric, Unit};
use crate::metrics::sample::Estimate;

/// Share of rows whose sign was right.
pub const METRIC: Metric = Metric {
    name: "directional_accuracy",
    title: "direction",
    legend: "share of rows whose sign was right",
    formula: "rows of equal sign / rows where neither side is 0",
    unit: Unit::Share,
    of: |sample| {
        let realized = &sample.rows().realized;
        Estimate::point(directional_accuracy(sample.forecast(), realized))
    },
    ..Metric::FURTHER
};

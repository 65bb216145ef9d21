//! Accuracy beside that of one word.

use super::base::REGIME;
use super::sums::of_regimes;
use crate::metrics::metric::{Metric, Unit};

/// Accuracy minus that of always saying the commonest class.
pub const METRIC: Metric = Metric {
    name: "accuracy_gain",
    title: "over the commonest",
    legend: "accuracy minus that of always saying the class that came most often",
    formula: "accuracy - share of the commonest class of the scored rows (of each draw in its interval)",
    unit: Unit::Share,
    interval: Some("accuracy_gain_interval"),
    of: |sample| {
        of_regimes(
            sample,
            |row| {
                let came = |class: usize| f64::from(u8::from(row.realized == class));
                let hit = f64::from(u8::from(row.forecast == row.realized));
                [hit, came(0), came(1), came(2)]
            },
            |[hits, low, medium, high]| {
                Some((hits - low.max(*medium).max(*high)) / (low + medium + high))
            },
        )
    },
    ..REGIME
};

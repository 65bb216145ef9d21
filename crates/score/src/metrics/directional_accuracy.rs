//! How often the sign was right.

use crate::metrics::metric::{Metric, Unit};

/// Share of rows whose sign was right.
pub const METRIC: Metric = Metric {
    name: "directional_accuracy",
    title: "direction",
    legend: "share of rows whose sign was right",
    formula: "rows of equal sign / rows where neither side is 0",
    unit: Unit::Share,
    interval: Some("directional_accuracy_interval"),
    of: |sample| {
        let (forecast, realized) = (sample.forecast(), &sample.rows().realized);
        sample.share_of(
            |row| forecast[row] != 0.0 && realized[row] != 0.0,
            |row| (forecast[row] > 0.0) == (realized[row] > 0.0),
        )
    },
    ..Metric::FURTHER
};

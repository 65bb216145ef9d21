//! The loss that ranks forecasts of a variance as the true variance would.

use statistics::qlike;

use super::base::VOLATILITY;
use super::sums::of_rows;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};

/// Mean QLIKE of the variance.
pub const METRIC: Metric = Metric {
    name: "qlike",
    title: "QLIKE",
    legend: "loss of the variance: 0 where every forecast is what came, .02 where a variance is \
        off by a fifth; being too low costs more than being too high",
    formula: "mean over rows of x - ln x - 1, x = realized volatility^2 / forecast variance. Patton, \
        \"Volatility forecast comparison using imperfect volatility proxies\", Journal of Econometrics \
        160 (2011): with a noisy measure of volatility it ranks forecasts as the true one would",
    unit: Unit::Loss,
    better: Better::Lower,
    section: ReportSection::Scores,
    interval: Some("qlike_interval"),
    of: |sample| {
        of_rows(
            sample,
            |level, row, realized| Some([qlike(realized * realized, level.variance[row]), 1.0]),
            |[sum, count]| Some(sum / count),
        )
    },
    ..VOLATILITY
};

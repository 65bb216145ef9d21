//! Whether the errors differ from those of the last price.

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Better, Metric, ReportSection, Unit};
use crate::metrics::skill::diebold_mariano;

/// The two-sided p-value of Diebold and Mariano's test against the last price.
pub const METRIC: Metric = Metric {
    name: "diebold_mariano_p",
    title: "DM p",
    legend: "probability of a skill as far from 0, on either side, if the last price were as good: \
        Diebold and Mariano's test",
    formula: "of the mean over coins of the error of the last price minus the forecaster's, time by \
        time: mean / (standard error by Newey and West, lags up to twice the overlap of targets), \
        corrected for few times as by Harvey, Leybourne and Newbold, against Student's t",
    unit: Unit::Probability,
    better: Better::Lower,
    section: ReportSection::Prices,
    of: |sample| Estimate::point(diebold_mariano(sample).map(|test| test.p)),
    ..Metric::FURTHER
};

//! How much better than the last price.

use statistics::mean;

use crate::metrics::estimate::Estimate;
use crate::metrics::metric::{Metric, ReportSection};
use crate::metrics::sample::Sample;
use crate::price_errors::RelativeErrors;

/// 1 - MAPE / MAPE of the last price.
pub const METRIC: Metric = Metric {
    name: "skill",
    title: "skill",
    legend: "1 - MAPE / MAPE of the last price: above 0 is better than saying that the price stays; \
        t is Diebold and Mariano's",
    formula: "1 - sum of the errors / sum of the errors of the last price, each in parts of the \
        price that came. Interval: times drawn in blocks no shorter than the reach. t: Diebold and \
        Mariano's test of the mean over coins of each time, as in `diebold_mariano_p`",
    section: ReportSection::Prices,
    interval: Some("skill_interval"),
    has_t: true,
    of: |sample| {
        let Some(errors) = RelativeErrors::new(sample) else {
            return Estimate::default();
        };
        let ratio = sample.ratio_of_sums(|row| errors.at(row));
        Estimate {
            t: diebold_mariano(sample).map(|test| test.t),
            ..ratio.map(|ratio| 1.0 - ratio)
        }
    },
    ..Metric::FURTHER
};

/// The test that a forecaster and the last price have equal errors: t is above 0 where the
/// forecaster's are smaller.
pub(super) fn diebold_mariano(sample: &Sample<'_>) -> Option<statistics::EqualLosses> {
    let errors = RelativeErrors::new(sample)?;
    let of_time = |time: &std::ops::Range<usize>| {
        let known = time.clone().filter_map(|row| errors.at(row));
        let gains: Vec<f64> = known.map(|[own, last]| last - own).collect();
        (!gains.is_empty()).then(|| mean(&gains))
    };
    let gains: Vec<f64> = sample.times().iter().filter_map(of_time).collect();
    statistics::diebold_mariano(&gains, sample.rows().reach_bars)
}

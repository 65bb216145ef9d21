//! A sum over rows divided by another, with its interval: mean errors, shares, skills.

use std::ops::Range;

use rayon::prelude::*;
use statistics::{MeanSeries, drawn_blocks, enough_blocks};

use crate::common_rows::CommonRows;

/// Sums of numerator and denominator over times, ready to be resampled: a mean whose number of rows
/// is the denominator.
pub(crate) struct RatioSeries {
    /// Over all rows; None where the denominator is 0.
    pub value: Option<f64>,
    /// Of each fold.
    pub folds: Vec<Option<f64>>,
    series: MeanSeries,
}

impl RatioSeries {
    /// `terms` are the numerator and the denominator, at least 0, that a row adds; None where it
    /// does not count.
    pub fn new(common: &CommonRows<'_>, terms: impl Fn(usize) -> Option<[f64; 2]>) -> Self {
        let of_time = |rows: &Range<usize>| {
            let terms = rows.clone().filter_map(&terms);
            terms.fold([0.0; 2], |sum, [numerator, denominator]| {
                [sum[0] + denominator, sum[1] + numerator]
            })
        };
        let times: Vec<[f64; 2]> = common.spans.times.iter().map(of_time).collect();
        let [denominator, numerator] =
            (times.iter()).fold([0.0; 2], |sum, time| [sum[0] + time[0], sum[1] + time[1]]);
        let value = Some(numerator / denominator).filter(|ratio| ratio.is_finite());
        let folds = common.spans.folds.iter();
        let of_folds: Vec<_> = folds
            .map(|fold| times[fold.times.clone()].to_vec())
            .collect();
        let series = MeanSeries::new(&of_folds, value, common.floor);
        Self {
            value,
            folds: series.fold_means(),
            series,
        }
    }

    /// The ratio in each draw of times, in blocks within their fold; None where there are too few
    /// blocks.
    pub fn draws(&self, common: &CommonRows<'_>) -> Option<Vec<f64>> {
        let (options, block) = (common.options, self.series.block);
        if !enough_blocks(&common.fold_lengths, block, common.floor) {
            return None;
        }
        let draw = |number: usize| {
            let blocks = drawn_blocks(&common.fold_lengths, block, options.seed, number);
            let ratio = self.series.resampled(&blocks);
            if ratio.is_finite() { ratio } else { f64::NAN }
        };
        Some((0..options.draws).into_par_iter().map(draw).collect())
    }
}

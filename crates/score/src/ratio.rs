//! A sum over rows divided by another, with its interval: mean errors, shares, skills.

use std::ops::Range;

use rayon::prelude::*;
use statistics::{drawn_blocks, enough_blocks, optimal_block_length};

use crate::common_rows::CommonRows;

/// Sums of numerator and denominator over times, ready to be resampled.
pub(crate) struct RatioSeries {
    /// Over all rows; None where the denominator is 0.
    pub value: Option<f64>,
    /// Of each fold.
    pub folds: Vec<Option<f64>>,
    /// Mean block length in timestamps.
    block: usize,
    /// Per fold the prefix sums over its times.
    prefix: Vec<Vec<[f64; 2]>>,
}

impl RatioSeries {
    /// `terms` are the values of a row that are added up, None where it does not count.
    pub fn new(common: &CommonRows<'_>, terms: impl Fn(usize) -> Option<[f64; 2]>) -> Self {
        let of_time = |rows: &Range<usize>| rows.clone().filter_map(&terms).fold([0.0; 2], add);
        let times: Vec<[f64; 2]> = common.spans.times.iter().map(of_time).collect();
        let of_folds = || {
            let folds = common.spans.folds.iter();
            folds.map(|fold| &times[fold.times.clone()])
        };
        let sums = |times: &[[f64; 2]]| ratio(times.iter().copied().fold([0.0; 2], add));
        let value = sums(&times);
        let block = |fold: &[[f64; 2]]| {
            // What a time moves the ratio by.
            let of_time = |[a, b]: &[f64; 2]| a - value.unwrap_or(0.0) * b;
            optimal_block_length(&fold.iter().map(of_time).collect::<Vec<_>>())
        };
        let lengths: Vec<f64> = of_folds().filter_map(block).collect();
        let mean_length = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        Self {
            value,
            folds: of_folds().map(sums).collect(),
            block: (mean_length.ceil() as usize).max(common.floor),
            prefix: of_folds().map(prefix_sums).collect(),
        }
    }

    /// The ratio in each draw of times, in blocks within their fold; None where there are too few
    /// blocks.
    pub fn draws(&self, common: &CommonRows<'_>) -> Option<Vec<f64>> {
        let options = common.options;
        if !enough_blocks(&common.fold_lengths, self.block, common.floor) {
            return None;
        }
        let draw = |number: usize| {
            let blocks = drawn_blocks(&common.fold_lengths, self.block, options.seed, number);
            let folds = self.prefix.iter().zip(&blocks);
            let parts = folds.flat_map(|(prefix, blocks)| {
                blocks.iter().map(|block| {
                    let ([a, b], [end_a, end_b]) = (prefix[block.start], prefix[block.end]);
                    [end_a - a, end_b - b]
                })
            });
            ratio(parts.fold([0.0; 2], add)).unwrap_or(f64::NAN)
        };
        Some((0..options.draws).into_par_iter().map(draw).collect())
    }
}

fn add(sum: [f64; 2], term: [f64; 2]) -> [f64; 2] {
    [sum[0] + term[0], sum[1] + term[1]]
}

fn ratio([numerator, denominator]: [f64; 2]) -> Option<f64> {
    let ratio = numerator / denominator;
    ratio.is_finite().then_some(ratio)
}

fn prefix_sums(times: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut prefix = vec![[0.0; 2]];
    let mut running = [0.0; 2];
    for time in times {
        running = add(running, *time);
        prefix.push(running);
    }
    prefix
}

//! The rank IC with its interval: Spearman across coins at one time, the mean over times.

use rayon::prelude::*;
use statistics::{
    InformationCoefficient, MetricDraws, RowSpans, drawn_blocks, enough_blocks, minus,
    optimal_block_length, rank_ic_per_timestamp, summarize_ic,
};

use crate::common_rows::CommonRows;
use crate::rows::ForecastColumn;

/// Against what is realized, and against the same with entry one bar later.
pub(crate) const VERSIONS: usize = 2;

/// One forecaster's rank ICs over time, ready to be resampled.
pub(crate) struct RankSeries {
    /// Over all times.
    pub summary: InformationCoefficient,
    /// Mean block length in timestamps.
    block: usize,
    /// Per fold the prefix sums of (times with a coefficient, coefficients).
    prefix: Vec<Vec<[f64; 2]>>,
}

impl RankSeries {
    /// Both versions of a forecaster.
    pub fn both(common: &CommonRows<'_>, forecast: &[f64]) -> [Self; VERSIONS] {
        Self::realized(common)
            .map(|realized| Self::new(&common.spans, forecast, realized, common.floor))
    }

    /// What each version is compared with.
    pub fn realized<'a>(common: &CommonRows<'a>) -> [&'a [f64]; VERSIONS] {
        [&common.rows.realized, &common.rows.realized_delayed]
    }

    fn new(spans: &RowSpans, forecast: &[f64], realized: &[f64], floor: usize) -> Self {
        let coefficients = rank_ic_per_timestamp(&spans.times, forecast, realized);
        let summary = summarize_ic(&coefficients);
        let mean = summary.mean.unwrap_or(0.0);
        let of_folds = || {
            spans
                .folds
                .iter()
                .map(|fold| &coefficients[fold.times.clone()])
        };
        let lengths: Vec<f64> = of_folds()
            .filter_map(|fold| {
                let deviations: Vec<f64> = fold
                    .iter()
                    .map(|value| value.map_or(0.0, |value| value - mean))
                    .collect();
                optimal_block_length(&deviations)
            })
            .collect();
        let mean_length = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        let prefix = of_folds().map(prefix_sums).collect();
        Self {
            summary,
            block: (mean_length.ceil() as usize).max(floor),
            prefix,
        }
    }

    /// The mean over the times of each fold that have a coefficient.
    fn fold_means(&self) -> Vec<Option<f64>> {
        let folds = self.prefix.iter().filter_map(|prefix| prefix.last());
        folds
            .map(|[count, sum]| (*count > 0.0).then(|| sum / count))
            .collect()
    }

    /// The mean over the drawn times; NaN where none has a coefficient.
    fn resampled(&self, blocks: &[Vec<std::ops::Range<usize>>]) -> f64 {
        let folds = self.prefix.iter().zip(blocks);
        let parts = folds.flat_map(|(prefix, blocks)| {
            blocks.iter().map(|block| {
                let (start, end) = (prefix[block.start], prefix[block.end]);
                (end[0] - start[0], end[1] - start[1])
            })
        });
        let (count, sum) = parts.fold((0.0, 0.0), |(count, sum), part| {
            (count + part.0, sum + part.1)
        });
        sum / count
    }
}

fn prefix_sums(coefficients: &[Option<f64>]) -> Vec<[f64; 2]> {
    let mut prefix = vec![[0.0; 2]];
    let mut running = [0.0; 2];
    for value in coefficients.iter().copied() {
        if let Some(value) = value {
            running = [running[0] + 1.0, running[1] + value];
        }
        prefix.push(running);
    }
    prefix
}

/// The rank ICs of all forecasters with their draws: all on the same times, with the longest of
/// their blocks.
pub(crate) struct Ranks {
    series: Vec<[RankSeries; VERSIONS]>,
    /// `[draw][forecaster][version]`; empty where there are too few blocks.
    draws: Vec<Vec<[f64; VERSIONS]>>,
}

impl Ranks {
    /// Of all forecasters, in the order given.
    pub fn new(common: &CommonRows<'_>, forecasters: &[ForecastColumn]) -> Self {
        let series: Vec<[RankSeries; VERSIONS]> = forecasters
            .par_iter()
            .map(|forecaster| RankSeries::both(common, &forecaster.forecast))
            .collect();
        let block = series
            .iter()
            .flatten()
            .map(|one| one.block)
            .max()
            .unwrap_or(1);
        let draw = |number: usize| -> Vec<[f64; VERSIONS]> {
            let blocks = drawn_blocks(&common.fold_lengths, block, common.options.seed, number);
            series
                .iter()
                .map(|both| both.each_ref().map(|one| one.resampled(&blocks)))
                .collect()
        };
        let draws: Vec<Vec<[f64; VERSIONS]>> =
            match enough_blocks(&common.fold_lengths, block, common.floor) {
                true => (0..common.options.draws)
                    .into_par_iter()
                    .map(draw)
                    .collect(),
                false => Vec::new(),
            };
        Self { series, draws }
    }

    /// The summary of a forecaster's version.
    pub fn summary(&self, index: usize, version: usize) -> InformationCoefficient {
        self.series[index][version].summary
    }

    /// The mean over the times of each fold, and over all times in each draw.
    pub fn score(&self, index: usize, version: usize) -> MetricDraws {
        MetricDraws {
            folds: self.series[index][version].fold_means(),
            draws: self.drawn(|draw| draw[index][version]),
        }
    }

    /// The same of a forecaster's rank IC minus another's, from paired draws.
    pub fn difference(&self, (a, b): (usize, usize), version: usize) -> MetricDraws {
        let folds = |index: usize| self.series[index][version].fold_means();
        MetricDraws {
            folds: minus(&folds(a), &folds(b)),
            draws: self.drawn(|draw| draw[a][version] - draw[b][version]),
        }
    }

    fn drawn(&self, value: impl Fn(&[[f64; VERSIONS]]) -> f64) -> Option<Vec<f64>> {
        let values: Vec<f64> = self.draws.iter().map(|draw| value(draw)).collect();
        (!values.is_empty()).then_some(values)
    }
}

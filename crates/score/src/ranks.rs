//! The rank IC with its interval: Spearman across coins at one time, the mean over times.

use rayon::prelude::*;
use statistics::{
    FoldSpan, InformationCoefficient, MeanSeries, MetricDraws, RowSpans, drawn_blocks,
    enough_blocks, minus, rank_ic_per_timestamp, summarize_ic,
};

use crate::common_rows::CommonRows;
use crate::rows::ForecastColumn;

/// Against what is realized, and against the same with entry one bar later.
pub(crate) const VERSIONS: usize = 2;

/// One forecaster's rank ICs over time, ready to be resampled.
pub(crate) struct RankSeries {
    /// Over all times.
    pub summary: InformationCoefficient,
    series: MeanSeries,
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
        let of_time = |value: &Option<f64>| value.map_or([0.0, 0.0], |value| [1.0, value]);
        let of_fold = |fold: &FoldSpan| -> Vec<[f64; 2]> {
            let coefficients = &coefficients[fold.times.clone()];
            coefficients.iter().map(of_time).collect()
        };
        let folds: Vec<Vec<[f64; 2]>> = spans.folds.iter().map(of_fold).collect();
        Self {
            series: MeanSeries::new(&folds, summary.mean, floor),
            summary,
        }
    }
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
            .map(|one| one.series.block)
            .max()
            .unwrap_or(1);
        let draw = |number: usize| -> Vec<[f64; VERSIONS]> {
            let blocks = drawn_blocks(&common.fold_lengths, block, common.options.seed, number);
            series
                .iter()
                .map(|both| both.each_ref().map(|one| one.series.resampled(&blocks)))
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
            folds: self.series[index][version].series.fold_means(),
            draws: self.drawn(|draw| draw[index][version]),
        }
    }

    /// The same of a forecaster's rank IC minus another's, from paired draws.
    pub fn difference(&self, (a, b): (usize, usize), version: usize) -> MetricDraws {
        let folds = |index: usize| self.series[index][version].series.fold_means();
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

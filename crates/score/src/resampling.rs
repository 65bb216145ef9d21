//! Intervals of scores and of their differences, from draws that all forecasters share.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use statistics::{
    ConfidenceInterval, Draws, Series, draw, draw_mean, enough_blocks, percentile_interval,
};

use crate::common_rows::CommonRows;
use crate::daily::IcVariant;
use crate::rows::ForecastColumn;
use crate::variants::Variant;

/// One forecaster's series, ready for the bootstrap.
pub(crate) struct ForecasterSeries {
    run: Option<String>,
    /// One series for each of [`Variant::ALL`].
    pub series: Vec<Series>,
    /// The IC of every day for each of [`IcVariant::ALL`].
    pub days: [Vec<Option<f64>>; IcVariant::ALL.len()],
}

impl ForecasterSeries {
    /// All forecasters, in the order given.
    pub fn all(common: &CommonRows<'_>, forecasters: &[ForecastColumn]) -> Vec<Self> {
        forecasters
            .par_iter()
            .map(|forecaster| Self::new(common, forecaster))
            .collect()
    }

    fn new(common: &CommonRows<'_>, forecaster: &ForecastColumn) -> Self {
        let CommonRows { rows, spans, .. } = common;
        let forecast = forecaster.forecast.as_slice();
        let series_of = |variant: &Variant| {
            let (x, y) = variant.columns(rows, spans, forecast);
            Series::new(spans, &x, &y, common.floor)
        };
        Self {
            run: forecaster.run.clone(),
            series: Variant::ALL.par_iter().map(series_of).collect(),
            days: IcVariant::ALL.map(|part| common.days.ics(rows, spans, forecast, part)),
        }
    }

    fn is_scored(&self) -> bool {
        self.series[Variant::Raw as usize]
            .folds
            .iter()
            .any(Option::is_some)
    }
}

/// Which forecasters are compared: each that is no control with each after it that is none, and
/// with each control that has a score.
pub(crate) fn compared_pairs(scored: &[ForecasterSeries]) -> Vec<(usize, usize)> {
    let control = |index: &usize| scored[*index].run.is_none();
    let (controls, models): (Vec<usize>, Vec<usize>) = (0..scored.len()).partition(control);
    let mut pairs = Vec::new();
    for (place, model) in models.iter().enumerate() {
        let others = models[place + 1..].iter();
        let scored_controls = controls
            .iter()
            .filter(|control| scored[**control].is_scored());
        pairs.extend(others.chain(scored_controls).map(|other| (*model, *other)));
    }
    pairs
}

/// Versions of the score in which two forecasters are compared, those that no bounce of the price
/// can lift first.
pub(crate) const COMPARED: [Variant; 4] = [
    Variant::Delayed,
    Variant::DelayedNeutral,
    Variant::Raw,
    Variant::Neutral,
];

/// All draws that the intervals need, by mean block length, forecaster and version of the score.
pub(crate) struct Bootstrap<'a> {
    pub common: &'a CommonRows<'a>,
    draws: BTreeMap<(usize, usize, Variant), Draws>,
}

impl<'a> Bootstrap<'a> {
    /// `pairs`: places of forecasters that are compared.
    pub fn new(
        common: &'a CommonRows<'a>,
        scored: &[ForecasterSeries],
        pairs: &[(usize, usize)],
    ) -> Self {
        let mut needed: BTreeMap<usize, BTreeSet<(usize, Variant)>> = BTreeMap::new();
        for (index, one) in scored.iter().enumerate() {
            for (series, variant) in one.series.iter().zip(Variant::ALL) {
                needed
                    .entry(series.block)
                    .or_default()
                    .insert((index, variant));
            }
            needed
                .entry(common.day)
                .or_default()
                .insert((index, Variant::Raw));
        }
        for (a, b) in pairs {
            for variant in COMPARED {
                let wanted = needed
                    .entry(paired_block(scored, (*a, *b), variant))
                    .or_default();
                wanted.extend([(*a, variant), (*b, variant)]);
            }
        }
        let mut draws = BTreeMap::new();
        for (block, wanted) in needed {
            let defined = |(index, variant): &(usize, Variant)| {
                scored[*index].series[*variant as usize]
                    .folds
                    .iter()
                    .any(Option::is_some)
            };
            let wanted: Vec<_> = wanted.into_iter().filter(defined).collect();
            if wanted.is_empty() || !enough_blocks(&common.fold_lengths, block, common.floor) {
                continue;
            }
            let series: Vec<&Series> = wanted
                .iter()
                .map(|(index, variant)| &scored[*index].series[*variant as usize])
                .collect();
            let options = common.options;
            let drawn = draw(
                &series,
                &common.fold_lengths,
                block,
                options.seed,
                options.draws,
            );
            let keys = wanted
                .iter()
                .map(|(index, variant)| (block, *index, *variant));
            draws.extend(keys.zip(drawn));
        }
        Self { common, draws }
    }

    /// A score's draws, each the mean over its folds; None where there are too few blocks or no
    /// score.
    pub fn score_draws(&self, block: usize, index: usize, variant: Variant) -> Option<Vec<f64>> {
        let draws = self.draws.get(&(block, index, variant))?;
        Some(
            draws
                .iter()
                .map(|folds| draw_mean(folds.iter().copied()))
                .collect(),
        )
    }

    /// The draws of a difference of two scores: both on the same times.
    pub fn difference_draws(
        &self,
        scored: &[ForecasterSeries],
        (a, b): (usize, usize),
        variant: Variant,
    ) -> Option<Vec<f64>> {
        let block = paired_block(scored, (a, b), variant);
        let draws = |index: usize| self.draws.get(&(block, index, variant));
        let of_draw = |(a, b): (&[f64], &[f64])| draw_mean(a.iter().zip(b).map(|(a, b)| a - b));
        Some(
            draws(a)?
                .iter()
                .zip(draws(b)?.iter())
                .map(of_draw)
                .collect(),
        )
    }

    pub fn interval(&self, draws: Option<Vec<f64>>) -> Option<ConfidenceInterval> {
        percentile_interval(&draws?, self.common.options.confidence)
    }

    /// The interval of each fold, by the draws of all.
    pub fn fold_intervals(&self, block: usize, index: usize) -> Vec<Option<ConfidenceInterval>> {
        let folds = self.common.spans.folds.len();
        let Some(draws) = self.draws.get(&(block, index, Variant::Raw)) else {
            return vec![None; folds];
        };
        let of_fold = |fold: usize| {
            let values: Vec<f64> = draws.iter().map(|folds| folds[fold]).collect();
            percentile_interval(&values, self.common.options.confidence)
        };
        (0..folds).map(of_fold).collect()
    }
}

/// Difference of two scores in every fold; undefined where either is.
pub(crate) fn fold_differences(
    scored: &[ForecasterSeries],
    (a, b): (usize, usize),
    variant: Variant,
) -> Vec<Option<f64>> {
    let folds = |index: usize| scored[index].series[variant as usize].folds.iter();
    folds(a)
        .zip(folds(b))
        .map(|(a, b)| Some((*a)? - (*b)?))
        .collect()
}

/// Two forecasters are compared with the longer of their blocks.
fn paired_block(scored: &[ForecasterSeries], (a, b): (usize, usize), variant: Variant) -> usize {
    let block = |index: usize| scored[index].series[variant as usize].block;
    block(a).max(block(b))
}

//! Intervals of scores and of their differences, from draws that all forecasters share.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use statistics::{Draws, Interval, Series, draw, draw_mean, enough_blocks, percentile_interval};

use crate::daily::Part;
use crate::ground::Ground;
use crate::rows::ForecastColumn;
use crate::variants::Variant;

/// One forecaster's series, ready for the bootstrap.
pub(crate) struct Scored {
    run: Option<String>,
    /// One series for each of [`Variant::ALL`].
    pub series: Vec<Series>,
    /// The IC of every day for each of [`Part::ALL`].
    pub days: [Vec<Option<f64>>; Part::ALL.len()],
}

impl Scored {
    /// All forecasters, in the order given.
    pub fn all(ground: &Ground<'_>, forecasters: &[ForecastColumn]) -> Vec<Self> {
        forecasters
            .par_iter()
            .map(|forecaster| Self::new(ground, forecaster))
            .collect()
    }

    fn new(ground: &Ground<'_>, forecaster: &ForecastColumn) -> Self {
        let Ground { rows, layout, .. } = ground;
        let forecast = forecaster.forecast.as_slice();
        let series_of = |variant: &Variant| {
            let (x, y) = variant.columns(rows, layout, forecast);
            Series::new(layout, &x, &y, ground.floor)
        };
        Self {
            run: forecaster.run.clone(),
            series: Variant::ALL.par_iter().map(series_of).collect(),
            days: Part::ALL.map(|part| ground.days.ics(rows, layout, forecast, part)),
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
pub(crate) fn compared_pairs(scored: &[Scored]) -> Vec<(usize, usize)> {
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
    pub ground: &'a Ground<'a>,
    draws: BTreeMap<(usize, usize, Variant), Draws>,
}

impl<'a> Bootstrap<'a> {
    /// `pairs`: places of forecasters that are compared.
    pub fn new(ground: &'a Ground<'a>, scored: &[Scored], pairs: &[(usize, usize)]) -> Self {
        let mut needed: BTreeMap<usize, BTreeSet<(usize, Variant)>> = BTreeMap::new();
        for (index, one) in scored.iter().enumerate() {
            for (series, variant) in one.series.iter().zip(Variant::ALL) {
                needed
                    .entry(series.block)
                    .or_default()
                    .insert((index, variant));
            }
            needed
                .entry(ground.day)
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
            if wanted.is_empty() || !enough_blocks(&ground.fold_lengths, block, ground.floor) {
                continue;
            }
            let series: Vec<&Series> = wanted
                .iter()
                .map(|(index, variant)| &scored[*index].series[*variant as usize])
                .collect();
            let options = ground.options;
            let drawn = draw(
                &series,
                &ground.fold_lengths,
                block,
                options.seed,
                options.draws,
            );
            let keys = wanted
                .iter()
                .map(|(index, variant)| (block, *index, *variant));
            draws.extend(keys.zip(drawn));
        }
        Self { ground, draws }
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
        scored: &[Scored],
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

    pub fn interval(&self, draws: Option<Vec<f64>>) -> Option<Interval> {
        percentile_interval(&draws?, self.ground.options.confidence)
    }

    /// The interval of each fold, by the draws of all.
    pub fn fold_intervals(&self, block: usize, index: usize) -> Vec<Option<Interval>> {
        let folds = self.ground.layout.folds.len();
        let Some(draws) = self.draws.get(&(block, index, Variant::Raw)) else {
            return vec![None; folds];
        };
        let of_fold = |fold: usize| {
            let values: Vec<f64> = draws.iter().map(|folds| folds[fold]).collect();
            percentile_interval(&values, self.ground.options.confidence)
        };
        (0..folds).map(of_fold).collect()
    }
}

/// Difference of two scores in every fold; undefined where either is.
pub(crate) fn fold_differences(
    scored: &[Scored],
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
fn paired_block(scored: &[Scored], (a, b): (usize, usize), variant: Variant) -> usize {
    let block = |index: usize| scored[index].series[variant as usize].block;
    block(a).max(block(b))
}

//! Intervals of scores and of their differences, from draws that all forecasters share.

use std::collections::{BTreeMap, BTreeSet};

use crate::bootstrap::{Draws, Series, draw, enough_blocks, percentile_interval};
use crate::controls::is_control;
use crate::ic_a_day::day_differences;
use crate::report::{Difference, Interval, Score};
use crate::scoring::{Ground, Scored, mean_defined};
use crate::variants::Variant;

/// Mean over one draw's folds that are not NaN; NaN if all are.
pub(crate) fn draw_mean(folds: impl Iterator<Item = f64>) -> f64 {
    let defined = folds.filter(|value| !value.is_nan());
    let (count, sum) = defined.fold((0_usize, 0.0), |(count, sum), value| {
        (count + 1, sum + value)
    });
    sum / count as f64
}

/// Which forecasters are compared: each that is no control with each after it that is none, and
/// with each control that has a score.
pub(crate) fn compared_pairs(scored: &[Scored]) -> Vec<(usize, usize)> {
    let control = |index: &usize| {
        is_control(
            &scored[*index].score.name,
            scored[*index].score.run.as_deref(),
        )
    };
    let (controls, models): (Vec<usize>, Vec<usize>) = (0..scored.len()).partition(control);
    let mut pairs = Vec::new();
    for (place, model) in models.iter().enumerate() {
        let others = models[place + 1..].iter();
        let scored_controls = controls
            .iter()
            .filter(|control| scored[**control].score.pearson.is_some());
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
    ground: &'a Ground<'a>,
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

    fn interval(&self, draws: Option<Vec<f64>>) -> Option<Interval> {
        percentile_interval(&draws?, self.ground.options.confidence)
    }

    /// The interval of each fold, by the draws of all.
    fn fold_intervals(&self, block: usize, index: usize) -> Vec<Option<Interval>> {
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

    /// A forecaster's scores with their intervals, save those of its coins and its rank ICs.
    pub fn score(&self, scored: &[Scored], index: usize) -> Score {
        let one = &scored[index];
        let at =
            |block: usize, variant: Variant| self.interval(self.score_draws(block, index, variant));
        let interval = |variant: Variant| at(one.series[variant as usize].block, variant);
        Score {
            interval: interval(Variant::Raw),
            fold_intervals: self.fold_intervals(one.score.block_bars, index),
            interval_day: at(self.ground.day, Variant::Raw),
            scaled_interval: interval(Variant::Scaled),
            neutral_interval: interval(Variant::Neutral),
            delayed_interval: interval(Variant::Delayed),
            delayed_neutral_interval: interval(Variant::DelayedNeutral),
            ..one.score.clone()
        }
    }

    /// The difference of a pair's scores with intervals, save that of its rank ICs.
    pub fn difference(&self, scored: &[Scored], pair: (usize, usize)) -> Difference {
        let (a, b) = (&scored[pair.0].score, &scored[pair.1].score);
        let compared = |variant: Variant| {
            let interval = self.interval(self.difference_draws(scored, pair, variant));
            (
                mean_defined(&fold_differences(scored, pair, variant)),
                interval,
            )
        };
        let [delayed, delayed_neutral, raw, neutral] = COMPARED.map(compared);
        let [ic_a_day, ic_a_day_raw] = std::array::from_fn(|part| {
            let days = day_differences(&scored[pair.0].days[part], &scored[pair.1].days[part]);
            self.ground.days.summary(&days, self.ground.options)
        });
        Difference {
            a: a.name.clone(),
            b: b.name.clone(),
            a_run: a.run.clone(),
            b_run: b.run.clone(),
            ic_a_day,
            ic_a_day_raw,
            delayed: delayed.0,
            delayed_interval: delayed.1,
            delayed_neutral: delayed_neutral.0,
            delayed_neutral_interval: delayed_neutral.1,
            pearson: raw.0,
            interval: raw.1,
            neutral: neutral.0,
            neutral_interval: neutral.1,
            rank_ic: None,
            rank_ic_interval: None,
            rank_ic_delayed: None,
            rank_ic_delayed_interval: None,
        }
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

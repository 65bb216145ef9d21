//! Days drawn again in blocks, which all scores of volatility share.

use std::ops::Range;

use rayon::prelude::*;
use statistics::{FoldSpan, RowSpans, circular_block_indices};

use crate::daily::DAY_MS;
use crate::options::Options;
use crate::rows::Rows;

/// Blocks that the days need at least: fewer tell nothing about the spread.
const LEAST_BLOCKS: usize = 5;

/// The UTC days of the scored rows, and how often each draw takes each of them.
pub(crate) struct DayDraws {
    /// Place of the day of each time of the layout.
    of_time: Vec<usize>,
    /// Number of days.
    pub days: usize,
    /// `[draw][day]`; empty where the days hold fewer than five blocks.
    counts: Vec<Vec<f64>>,
}

/// A value from sums over rows: over all of them, over those of each fold, and in each draw.
pub(crate) struct SummedValues {
    pub value: Option<f64>,
    pub folds: Vec<Option<f64>>,
    /// NaN where a draw has no value; None without draws.
    pub draws: Option<Vec<f64>>,
}

impl DayDraws {
    pub fn new(rows: &Rows, spans: &RowSpans, options: &Options) -> Self {
        let number = |time: &Range<usize>| rows.time_ms[time.start].div_euclid(DAY_MS);
        let mut numbers: Vec<i64> = spans.times.iter().map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let days = numbers.len();
        let of_time = spans.times.iter();
        let of_time = of_time.map(|time| numbers.partition_point(|other| *other < number(time)));
        let draws = match days >= LEAST_BLOCKS * options.block_days {
            true => options.draws,
            false => 0,
        };
        let drawn = circular_block_indices(days, options.block_days, draws, options.seed);
        let counted = |drawn: &Vec<usize>| {
            let mut counts = vec![0.0; days];
            drawn.iter().for_each(|&day| counts[day] += 1.0);
            counts
        };
        Self {
            of_time: of_time.collect(),
            days,
            counts: drawn.iter().map(counted).collect(),
        }
    }

    /// Whether there are enough days for intervals.
    pub fn has_draws(&self) -> bool {
        !self.counts.is_empty()
    }

    /// A value from sums: `of_time` are a time's own, `of` is the value of sums over times.
    pub fn summed<const N: usize>(
        &self,
        spans: &RowSpans,
        of_time: impl Fn(&Range<usize>) -> [f64; N],
        of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
    ) -> SummedValues {
        let mut days = vec![[0.0; N]; self.days];
        let mut of_fold = |fold: &FoldSpan| {
            let mut sum = [0.0; N];
            for time in fold.times.clone() {
                let own = of_time(&spans.times[time]);
                add(&mut sum, &own, 1.0);
                add(&mut days[self.of_time[time]], &own, 1.0);
            }
            sum
        };
        let folds: Vec<[f64; N]> = spans.folds.iter().map(&mut of_fold).collect();
        let mut all = [0.0; N];
        folds.iter().for_each(|fold| add(&mut all, fold, 1.0));
        let draw = |counts: &Vec<f64>| {
            let mut sum = [0.0; N];
            for (day, &count) in days.iter().zip(counts) {
                if count > 0.0 {
                    add(&mut sum, day, count);
                }
            }
            finite(of(&sum)).unwrap_or(f64::NAN)
        };
        SummedValues {
            value: finite(of(&all)),
            folds: folds.iter().map(|fold| finite(of(fold))).collect(),
            draws: self
                .has_draws()
                .then(|| self.counts.par_iter().map(draw).collect()),
        }
    }

    /// The mean over the rows of each day of a value of each row.
    pub fn day_means(&self, spans: &RowSpans, of_row: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![[0.0; 2]; self.days];
        for (time, &day) in spans.times.iter().zip(&self.of_time) {
            let sum: f64 = time.clone().map(&of_row).sum();
            add(&mut sums[day], &[sum, time.len() as f64], 1.0);
        }
        sums.iter().map(|[sum, count]| sum / count).collect()
    }
}

fn add<const N: usize>(sum: &mut [f64; N], more: &[f64; N], times: f64) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += times * more;
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

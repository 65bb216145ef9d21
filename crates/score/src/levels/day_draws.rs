//! Days drawn again in blocks, which all scores of volatility share.
//!
//! The blocks of all draws are of one length, so that each is summed once, wherever it begins, and a draw
//! adds up a few sums of blocks instead of all of its days.

use std::ops::Range;

use rayon::prelude::*;
use statistics::{
    ConfidenceInterval, FoldSpan, RowSpans, circular_block_indices, percentile_interval,
};

use crate::daily::DAY_MS;
use crate::options::Options;
use crate::rows::Rows;

/// Blocks that the days need at least: fewer tell nothing about the spread.
const LEAST_BLOCKS: usize = 5;

/// The UTC days of the scored rows, and which blocks of them each draw takes.
pub(crate) struct DayDraws {
    /// Place of the day of each time of the layout.
    of_time: Vec<usize>,
    /// Number of days.
    pub days: usize,
    /// Days of a block.
    block: usize,
    /// The day that each block begins with, `[draw][block]`; the last block is cut where the draw has all its
    /// days. Empty where the days hold fewer than five blocks.
    starts: Vec<Vec<usize>>,
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
        let block = options.block_days.max(1);
        let drawn = circular_block_indices(days, block, draws, options.seed);
        let starts = |drawn: &Vec<usize>| drawn.iter().step_by(block).copied().collect();
        Self {
            of_time: of_time.collect(),
            days,
            block,
            starts: drawn.iter().map(starts).collect(),
        }
    }

    /// Whether there are enough days for intervals.
    pub fn has_draws(&self) -> bool {
        !self.starts.is_empty()
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
                add(&mut sum, &own);
                add(&mut days[self.of_time[time]], &own);
            }
            sum
        };
        let folds: Vec<[f64; N]> = spans.folds.iter().map(&mut of_fold).collect();
        let mut all = [0.0; N];
        folds.iter().for_each(|fold| add(&mut all, fold));
        SummedValues {
            value: finite(of(&all)),
            folds: folds.iter().map(|fold| finite(of(fold))).collect(),
            draws: self.has_draws().then(|| self.draws(&days, of)),
        }
    }

    /// The intervals of the means of some bins: `add` adds the number of a time's rows and the sum of their
    /// values to those of each bin.
    pub fn mean_intervals<const BINS: usize>(
        &self,
        spans: &RowSpans,
        add: impl Fn(&Range<usize>, &mut [[f64; 2]; BINS]),
        confidence: f64,
    ) -> [Option<ConfidenceInterval>; BINS] {
        let mut days = vec![[[0.0; 2]; BINS]; self.days];
        for (time, &day) in spans.times.iter().zip(&self.of_time) {
            let mut own = [[0.0; 2]; BINS];
            add(time, &mut own);
            for (sums, own) in days[day].iter_mut().zip(&own) {
                self::add(sums, own);
            }
        }
        std::array::from_fn(|bin| {
            let of_bin: Vec<[f64; 2]> = days.iter().map(|day| day[bin]).collect();
            let mean = |[count, sum]: &[f64; 2]| Some(sum / count);
            let draws = self.has_draws().then(|| self.draws(&of_bin, mean));
            percentile_interval(&draws?, confidence)
        })
    }

    /// The value of each draw's sums over its days; NaN where it has none. There are draws, and so days.
    fn draws<const N: usize>(
        &self,
        days: &[[f64; N]],
        of: impl Fn(&[f64; N]) -> Option<f64> + Sync,
    ) -> Vec<f64> {
        let cut = (days.len() - 1) % self.block + 1;
        let [whole, cut] = [self.block, cut].map(|length| circular_sums(days, length));
        let draw = |starts: &Vec<usize>| {
            let mut sum = [0.0; N];
            if let Some((last, others)) = starts.split_last() {
                for &start in others {
                    add(&mut sum, &whole[start]);
                }
                add(&mut sum, &cut[*last]);
            }
            finite(of(&sum)).unwrap_or(f64::NAN)
        };
        self.starts.par_iter().map(draw).collect()
    }

    /// The mean over the rows of each day of a value of each row.
    pub fn day_means(&self, spans: &RowSpans, of_row: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![[0.0; 2]; self.days];
        for (time, &day) in spans.times.iter().zip(&self.of_time) {
            let sum: f64 = time.clone().map(&of_row).sum();
            add(&mut sums[day], &[sum, time.len() as f64]);
        }
        sums.iter().map(|[sum, count]| sum / count).collect()
    }
}

/// The sums over so many days from each day on; what runs past the end goes on at the beginning.
fn circular_sums<const N: usize>(days: &[[f64; N]], length: usize) -> Vec<[f64; N]> {
    let from = |start: usize| {
        let mut sum = [0.0; N];
        let block = days.iter().cycle().skip(start).take(length);
        block.for_each(|day| add(&mut sum, day));
        sum
    };
    (0..days.len()).map(from).collect()
}

fn add<const N: usize>(sum: &mut [f64; N], more: &[f64; N]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A draw's sums are those of its days one by one; integers add up without rounding.
    #[test]
    fn blocks_add_up_to_the_days_of_a_draw() {
        for (days, block) in [(31, 4), (28, 4), (30, 1)] {
            let drawn = circular_block_indices(days, block, 40, 7);
            let own: Vec<[f64; 2]> = (0..days).map(|day| [1.0, (day * day) as f64]).collect();
            let draws = DayDraws {
                of_time: Vec::new(),
                days,
                block,
                starts: (drawn.iter())
                    .map(|draw| draw.iter().step_by(block).copied().collect())
                    .collect(),
            };
            let found = draws.draws(&own, |[count, sum]| Some(count * 1e6 + sum));
            let expected = |draw: &Vec<usize>| -> f64 {
                days as f64 * 1e6 + draw.iter().map(|&day| own[day][1]).sum::<f64>()
            };
            assert_eq!(found, drawn.iter().map(expected).collect::<Vec<_>>());
        }
    }
}

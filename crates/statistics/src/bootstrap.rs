//! Stationary block bootstrap of a mean over folds of pooled correlations.
//!
//! Politis and Romano, "The stationary bootstrap", JASA 89 (1994). Timestamps are resampled within
//! their fold with all coins together, in blocks of geometric length that wrap around at the fold's
//! end; each fold's Pearson correlation is computed again from the resampled timestamps' sums. The
//! sum over a block is the difference of two prefix sums, so a draw costs as many steps as it has
//! blocks, not timestamps.

use std::ops::Range;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::block_length::optimal_block_length;
use crate::correlation::pearson;
use crate::row_spans::RowSpans;

/// Blocks that all folds together need at least: fewer tell nothing about the spread.
const LEAST_BLOCKS: usize = 5;

/// A resampled side is constant below this share of the fold's own variance.
const CONSTANT: f64 = 1e-12;

/// Lower and upper end of an interval.
pub type ConfidenceInterval = [f64; 2];

/// Pairs, x, y, x², y² and xy.
type PairSums = [f64; 6];

/// One forecaster's pairs in one version of the score, ready to be resampled.
pub struct Series {
    /// Pooled correlation of each fold.
    pub folds: Vec<Option<f64>>,
    /// Mean block length in timestamps.
    pub block: usize,
    /// Per fold the prefix sums over its timestamps (one more than timestamps); empty where the
    /// fold is undefined.
    prefix: Vec<Vec<PairSums>>,
}

impl Series {
    /// The series of two columns with one value a row, NaN where a row is left out.
    ///
    /// `floor` is the shortest block length; the length itself is Politis and White's for the
    /// fold's cross-products (per timestamp the sum over coins of centered x times centered y),
    /// averaged over the folds.
    pub fn new(spans: &RowSpans, x: &[f64], y: &[f64], floor: usize) -> Self {
        let mut folds = Vec::new();
        let mut prefix = Vec::new();
        let mut lengths = Vec::new();
        for fold in &spans.folds {
            let correlation = pearson(&x[fold.rows.clone()], &y[fold.rows.clone()]);
            let mut sums = Vec::new();
            if correlation.is_some() {
                let timestamps = &spans.times[fold.times.clone()];
                let standard = Standard::new(x, y, fold.rows.clone());
                let per_time: Vec<PairSums> = timestamps
                    .iter()
                    .map(|rows| standard.sums(x, y, rows))
                    .collect();
                let products: Vec<f64> = per_time.iter().map(|sums| sums[5]).collect();
                lengths.extend(optimal_block_length(&products));
                sums = prefix_sums(&per_time);
            }
            folds.push(correlation);
            prefix.push(sums);
        }
        let mean_length = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        Self {
            folds,
            block: (mean_length.ceil() as usize).max(floor),
            prefix,
        }
    }

    /// Per fold the products of both sides at each of its timestamps, standardized and divided by
    /// the fold's number of pairs: they add up to the fold's correlation. None where that is
    /// undefined.
    pub fn mean_products(&self) -> impl Iterator<Item = Vec<f64>> {
        self.prefix.iter().map(|prefix| {
            let pairs = prefix.last().map_or(f64::NAN, |sums| sums[0]);
            prefix
                .windows(2)
                .map(|sums| (sums[1][5] - sums[0][5]) / pairs)
                .collect()
        })
    }

    /// Correlation of each fold in one draw, NaN where it is undefined.
    fn resampled(&self, blocks: &[Vec<Range<usize>>]) -> Vec<f64> {
        let folds = self.prefix.iter().zip(blocks);
        folds
            .map(|(prefix, blocks)| resampled_fold(prefix, blocks).unwrap_or(f64::NAN))
            .collect()
    }
}

/// The correlation of one fold from the sums over its resampled blocks of timestamps.
fn resampled_fold(prefix: &[PairSums], blocks: &[Range<usize>]) -> Option<f64> {
    let mut sums = [0.0; 6];
    for block in blocks {
        let (start, end) = (prefix.get(block.start)?, prefix.get(block.end)?);
        for ((sum, start), end) in sums.iter_mut().zip(start).zip(end) {
            *sum += end - start;
        }
    }
    let [count, x, y, xx, yy, xy] = sums;
    let (xx, yy, xy) = (xx - x * x / count, yy - y * y / count, xy - x * y / count);
    let correlation = xy / (xx * yy).sqrt();
    let defined = count >= 3.0 && xx > CONSTANT * count && yy > CONSTANT * count;
    (defined && correlation.is_finite()).then(|| correlation.clamp(-1.0, 1.0))
}

/// Mean and standard deviation of both sides in a fold: sums of standardized values lose no digits.
struct Standard {
    x_mean: f64,
    y_mean: f64,
    x_std: f64,
    y_std: f64,
}

impl Standard {
    /// Of the pairs in `rows`, which are known to have a correlation.
    fn new(x: &[f64], y: &[f64], rows: Range<usize>) -> Self {
        let pairs = || {
            x[rows.clone()]
                .iter()
                .zip(&y[rows.clone()])
                .filter(|(x, y)| !x.is_nan() && !y.is_nan())
        };
        let count = pairs().count() as f64;
        let x_mean = pairs().map(|(x, _)| x).sum::<f64>() / count;
        let y_mean = pairs().map(|(_, y)| y).sum::<f64>() / count;
        Self {
            x_mean,
            y_mean,
            x_std: (pairs().map(|(x, _)| (x - x_mean).powi(2)).sum::<f64>() / count).sqrt(),
            y_std: (pairs().map(|(_, y)| (y - y_mean).powi(2)).sum::<f64>() / count).sqrt(),
        }
    }

    /// PairSums over the rows of one timestamp.
    fn sums(&self, x: &[f64], y: &[f64], rows: &Range<usize>) -> PairSums {
        let mut sums = [0.0; 6];
        for row in rows.clone() {
            if x[row].is_nan() || y[row].is_nan() {
                continue;
            }
            let x = (x[row] - self.x_mean) / self.x_std;
            let y = (y[row] - self.y_mean) / self.y_std;
            for (sum, value) in sums.iter_mut().zip([1.0, x, y, x * x, y * y, x * y]) {
                *sum += value;
            }
        }
        sums
    }
}

fn prefix_sums(per_time: &[PairSums]) -> Vec<PairSums> {
    let mut prefix = vec![[0.0; 6]];
    let mut running = [0.0; 6];
    for sums in per_time {
        for (running, sum) in running.iter_mut().zip(sums) {
            *running += sum;
        }
        prefix.push(running);
    }
    prefix
}

/// Every draw's correlation in every fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    folds: usize,
    /// `[draw, fold]`, NaN where undefined.
    values: Vec<f64>,
}

impl Draws {
    /// The folds of each draw, in the order of the draws.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks(self.folds.max(1))
    }
}

/// Mean over one draw's folds that are not NaN; NaN if all are.
pub fn draw_mean(folds: impl Iterator<Item = f64>) -> f64 {
    let defined = folds.filter(|value| !value.is_nan());
    let (count, sum) = defined.fold((0_usize, 0.0), |(count, sum), value| {
        (count + 1, sum + value)
    });
    sum / count as f64
}

/// What a metric is in each fold, and in each draw of all.
pub struct MetricDraws {
    /// The metric of each fold.
    pub folds: Vec<Option<f64>>,
    /// The metric over all folds in each draw; None where there are too few blocks.
    pub draws: Option<Vec<f64>>,
}

/// One list of values minus another, where both are known.
pub fn minus(a: &[Option<f64>], b: &[Option<f64>]) -> Vec<Option<f64>> {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| Some((*a)? - (*b)?)).collect()
}

/// Draws of several series at one mean block length, in the order of the series.
///
/// Draw number k sees the same blocks in every series and in every call with the same seed, length
/// and folds, on any number of threads: differences of draws are paired.
///
/// # Shapes
/// `fold_lengths`: timestamps of each fold.
pub fn draw(
    series: &[&Series],
    fold_lengths: &[usize],
    block: usize,
    seed: u64,
    draws: usize,
) -> Vec<Draws> {
    let one_draw = |number: usize| {
        let blocks = drawn_blocks(fold_lengths, block, seed, number);
        series
            .iter()
            .map(|series| series.resampled(&blocks))
            .collect::<Vec<_>>()
    };
    let drawn: Vec<Vec<Vec<f64>>> = (0..draws).into_par_iter().map(one_draw).collect();
    let of_series = |index: usize| Draws {
        folds: fold_lengths.len(),
        values: drawn
            .iter()
            .flat_map(|draw| &draw[index])
            .copied()
            .collect(),
    };
    (0..series.len()).map(of_series).collect()
}

/// The blocks of timestamps of draw `number`, in each fold.
pub fn drawn_blocks(
    fold_lengths: &[usize],
    block: usize,
    seed: u64,
    number: usize,
) -> Vec<Vec<Range<usize>>> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(number as u64);
    let resample =
        |length: &usize| resampled_blocks(&mut generator, *length, fold_block(block, *length));
    fold_lengths.iter().map(resample).collect()
}

/// A block is at most half its fold: longer ones would only turn the fold around.
fn fold_block(block: usize, fold_length: usize) -> usize {
    block.min(fold_length / 2).max(1)
}

/// Whether the folds hold enough blocks for an interval: five of the floor's length, and five of
/// `block`.
pub fn enough_blocks(fold_lengths: &[usize], block: usize, floor: usize) -> bool {
    let times: usize = fold_lengths.iter().sum();
    let blocks: f64 = fold_lengths
        .iter()
        .map(|length| *length as f64 / fold_block(block, *length) as f64)
        .sum();
    times >= LEAST_BLOCKS * floor && blocks >= LEAST_BLOCKS as f64
}

/// Blocks of timestamps that together have as many timestamps as the fold; one that wraps is given
/// as two ranges.
fn resampled_blocks(generator: &mut ChaCha8Rng, length: usize, block: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::with_capacity(2 * length / block.max(1) + 2);
    let continuation = (1.0 - 1.0 / block as f64).ln();
    let mut missing = length;
    while missing > 0 {
        let start = (uniform(generator) * length as f64) as usize;
        // Inverse of the geometric distribution; with blocks of 1 the logarithm is minus infinity
        // and this is 1.
        let drawn = 1 + ((1.0 - uniform(generator)).ln() / continuation) as usize;
        let taken = drawn.min(missing);
        let end = start + taken;
        ranges.push(start..end.min(length));
        if end > length {
            ranges.push(0..end - length);
        }
        missing -= taken;
    }
    ranges
}

/// Uniform in [0, 1) from the upper 53 bits.
fn uniform(generator: &mut ChaCha8Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Percentile interval of the defined values among `values`; `None` where more than half of them
/// are undefined (NaN).
///
/// Quantiles are linear between order statistics, as in `numpy.percentile`.
///
/// # Examples
/// ```
/// let values: Vec<f64> = (0..=100).map(f64::from).collect();
/// assert_eq!(statistics::percentile_interval(&values, 0.5), Some([25.0, 75.0]));
/// ```
pub fn percentile_interval(values: &[f64], confidence: f64) -> Option<ConfidenceInterval> {
    let mut defined: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    if defined.is_empty() || 2 * defined.len() < values.len() {
        return None;
    }
    defined.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Some([quantile(&defined, tail)?, quantile(&defined, 1.0 - tail)?])
}

/// Linear between order statistics; `None` of nothing.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_as_many_timestamps_as_the_fold() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        for (length, block) in [(1, 1), (7, 1), (7, 3), (1000, 60), (1000, 500)] {
            let ranges = resampled_blocks(&mut generator, length, block);
            assert_eq!(ranges.iter().map(Range::len).sum::<usize>(), length);
            assert!(
                ranges
                    .iter()
                    .all(|range| range.end <= length && !range.is_empty())
            );
        }
    }

    #[test]
    fn blocks_have_their_mean_length() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let ranges = resampled_blocks(&mut generator, 1_000_000, 50);
        let wraps = ranges.iter().filter(|range| range.start == 0).count();
        let mean = 1e6 / (ranges.len() - wraps) as f64;
        assert!((mean - 50.0).abs() < 1.5, "mean block length {mean}");
    }

    #[test]
    fn every_timestamp_is_drawn_equally_often() {
        let mut generator = ChaCha8Rng::seed_from_u64(2);
        let mut counts = [0_u32; 10];
        for _ in 0..20_000 {
            for place in resampled_blocks(&mut generator, 10, 4)
                .into_iter()
                .flatten()
            {
                counts[place] += 1;
            }
        }
        assert!(
            counts.iter().all(|count| (19_500..20_500).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn few_timestamps_give_no_interval() {
        assert!(!enough_blocks(&[1, 1, 1, 1, 1, 1, 1], 60, 60));
        assert!(!enough_blocks(&[1000], 900, 60));
        assert!(enough_blocks(&[300], 60, 60));
        assert!(!enough_blocks(&[], 60, 60));
    }

    #[test]
    fn mostly_undefined_draws_give_no_interval() {
        assert_eq!(percentile_interval(&[f64::NAN, f64::NAN, 1.0], 0.95), None);
        assert_eq!(percentile_interval(&[], 0.95), None);
    }
}

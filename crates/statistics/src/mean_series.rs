//! A mean over rows that are resampled by their times.

use std::ops::Range;

use crate::block_length::optimal_block_length;

/// Values that are averaged over all rows, summed up at each time, ready to be resampled.
#[derive(Debug, Clone)]
pub struct MeanSeries {
    /// The mean over all rows; None without any.
    pub mean: Option<f64>,
    /// Mean block length in timestamps.
    pub block: usize,
    /// Per fold the prefix sums of (rows, values) over its times (one more than times).
    prefix: Vec<Vec<[f64; 2]>>,
}

impl MeanSeries {
    /// The series of each fold's times, each the number of its rows that have a value and the sum
    /// of these. `mean` is the mean over all rows.
    ///
    /// `floor` is the shortest block length; the length itself is Politis and White's for the
    /// times' sums of deviations from the mean, averaged over the folds.
    pub fn new(folds: &[Vec<[f64; 2]>], mean: Option<f64>, floor: usize) -> Self {
        let center = mean.unwrap_or(0.0);
        let length = |fold: &Vec<[f64; 2]>| {
            let deviations = fold.iter().map(|[count, sum]| sum - count * center);
            optimal_block_length(&deviations.collect::<Vec<f64>>())
        };
        let lengths: Vec<f64> = folds.iter().filter_map(length).collect();
        let mean_length = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        Self {
            mean,
            block: (mean_length.ceil() as usize).max(floor),
            prefix: folds.iter().map(|fold| prefix_sums(fold)).collect(),
        }
    }

    /// The mean over the rows of each fold; None of a fold without values.
    pub fn fold_means(&self) -> Vec<Option<f64>> {
        let folds = self.prefix.iter().filter_map(|prefix| prefix.last());
        folds
            .map(|[count, sum]| (*count > 0.0).then(|| sum / count))
            .collect()
    }

    /// The mean over the rows of the drawn times; NaN where none has a value. The blocks of times
    /// are those of the series' folds.
    pub fn resampled(&self, blocks: &[Vec<Range<usize>>]) -> f64 {
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

fn prefix_sums(times: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut prefix = vec![[0.0; 2]];
    let mut running = [0.0; 2];
    for [count, sum] in times {
        running = [running[0] + count, running[1] + sum];
        prefix.push(running);
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_averaged_and_not_times() {
        let folds = [vec![[1.0, 1.0], [3.0, 0.0]], vec![[0.0, 0.0], [2.0, 4.0]]];
        let series = MeanSeries::new(&folds, Some(5.0 / 6.0), 1);
        assert_eq!(series.fold_means(), [Some(0.25), Some(2.0)]);
        let mean = |blocks: [&[[usize; 2]]; 2]| {
            let ranges = blocks.map(|fold| fold.iter().map(|[from, end]| *from..*end).collect());
            series.resampled(&ranges)
        };
        assert_eq!(mean([&[[0, 2]], &[[0, 2]]]), 5.0 / 6.0);
        assert_eq!(mean([&[[0, 1], [0, 1]], &[[0, 1]]]), 1.0);
        assert!(mean([&[], &[[0, 1]]]).is_nan());
    }
}

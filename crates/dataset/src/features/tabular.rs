//! What a forecaster of single rows is given, such as LightGBM: a row's features, or statistics of
//! the window before it.

use std::ops::Range;

use rayon::prelude::*;

use super::{FeatureMatrix, Features, block_rows, single, trailing_mean};
use crate::Panel;

/// The features of a set at one row and, for each lookback, their mean and standard deviation over
/// the last bars.
///
/// Without lookbacks it is the row of the set alone. Row t is a function of exactly its last
/// [`TabularFeatures::warm_up_bars`] rows.
#[derive(Debug, Clone)]
pub struct TabularFeatures {
    own: Features,
    lookbacks: Vec<usize>,
}

impl TabularFeatures {
    /// The features `own` with statistics over `lookbacks`, in bars.
    pub fn new(own: Features, lookbacks: &[usize]) -> Self {
        Self {
            own,
            lookbacks: lookbacks.to_vec(),
        }
    }

    /// Names in the order of the columns: `return_1`, `return_1_mean_15`, `return_1_std_15`, ... and
    /// last the features of the time, of which there are no statistics.
    pub fn names(&self) -> Vec<String> {
        let names = self.own.names();
        let (of_set, of_time) = names.split_at(self.own.len() - self.own.of_time());
        let of_feature = |name: &&str| {
            let statistics = self
                .lookbacks
                .iter()
                .flat_map(|bars| ["mean", "std"].map(|of| format!("{name}_{of}_{bars}")));
            std::iter::once((*name).to_owned())
                .chain(statistics)
                .collect::<Vec<_>>()
        };
        let of_time = of_time.iter().map(|name| (*name).to_owned());
        of_set.iter().flat_map(of_feature).chain(of_time).collect()
    }

    /// Raised whenever a formula changes.
    pub fn version(&self) -> u32 {
        self.own.set().version()
    }

    /// How many rows, its own included, a row is a function of.
    pub fn warm_up_bars(&self) -> usize {
        self.own.warm_up_bars() + self.longest() - 1
    }

    fn longest(&self) -> usize {
        self.lookbacks.iter().copied().max().unwrap_or(1)
    }

    /// How many rows are worth computing at once where all are computed one chunk after another.
    pub fn chunk_rows(&self, panel: &Panel) -> usize {
        block_rows(panel, self.warm_up_bars()) * rayon::current_num_threads()
    }

    /// Computes all coins at `rows` of the panel, laid out and with bits as [`Features::compute`]
    /// has them.
    ///
    /// Missing values are left out of a mean; a statistic without any value is NaN.
    pub fn compute(&self, panel: &Panel, rows: Range<usize>) -> FeatureMatrix {
        if self.lookbacks.is_empty() {
            return self.own.compute(panel, rows);
        }
        let statistics = 1 + 2 * self.lookbacks.len();
        let of_set = self.own.len() - self.own.of_time();
        let per_coin = of_set * statistics + self.own.of_time();
        let mut matrix = FeatureMatrix::zeroed(rows.len(), panel.coins(), per_coin);
        let block_rows = block_rows(panel, self.warm_up_bars());
        let channels = matrix.channels();
        matrix
            .values
            .par_chunks_mut((block_rows * channels).max(1))
            .enumerate()
            .for_each(|(block, out)| {
                let start = rows.start + block * block_rows;
                let from = start.saturating_sub(self.longest() - 1);
                let base = self
                    .own
                    .compute(panel, from..rows.end.min(start + block_rows));
                for channel in 0..base.channels() {
                    let series: Vec<f64> = base
                        .values
                        .iter()
                        .skip(channel)
                        .step_by(base.channels())
                        .map(|&value| f64::from(value))
                        .collect();
                    let (coin, feature) = (channel / self.own.len(), channel % self.own.len());
                    let (first, columns) = match feature.checked_sub(of_set) {
                        None => {
                            let first_bar = panel.bar_number(from);
                            (feature * statistics, self.statistics(series, first_bar))
                        }
                        Some(place) => (of_set * statistics + place, vec![series]),
                    };
                    for (column, values) in (coin * per_coin + first..).zip(&columns) {
                        let values = &values[start - from..];
                        for (row, &value) in out.chunks_exact_mut(channels).zip(values) {
                            row[column] = single(value);
                        }
                    }
                }
            });
        matrix
    }

    /// The series itself, then mean and standard deviation over each lookback.
    fn statistics(&self, series: Vec<f64>, first_bar: i64) -> Vec<Vec<f64>> {
        let squares: Vec<f64> = series.iter().map(|value| value * value).collect();
        let of_lookback = |&bars: &usize| {
            let mean = trailing_mean(&series, bars, first_bar);
            let square = trailing_mean(&squares, bars, first_bar);
            // Rounding can take the variance of equal values below 0.
            let std = mean
                .iter()
                .zip(&square)
                .map(|(mean, square)| (square - mean * mean).max(0.0).sqrt());
            // `max` drops a NaN, which must stay.
            let std = std
                .zip(&mean)
                .map(|(std, mean)| if mean.is_nan() { f64::NAN } else { std })
                .collect();
            [mean, std]
        };
        let statistics: Vec<Vec<f64>> = self.lookbacks.iter().flat_map(of_lookback).collect();
        std::iter::once(series).chain(statistics).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeatureSet;

    #[test]
    fn statistics_are_those_of_the_last_bars() {
        let features = TabularFeatures::new(Features::all(FeatureSet::CLOSE6), &[2, 3]);
        assert_eq!(
            features.names()[..5],
            [
                "return_1",
                "return_1_mean_2",
                "return_1_std_2",
                "return_1_mean_3",
                "return_1_std_3"
            ]
        );
        assert_eq!((features.names().len(), features.warm_up_bars()), (30, 242));
        let found = features.statistics(vec![1.0, 3.0, f64::NAN, 5.0], 17);
        assert_eq!(found[1][1..], [2.0, 3.0, 5.0]);
        assert_eq!(found[2][1..], [1.0, 0.0, 0.0]);
        assert_eq!(found[3][3], 4.0);
        assert!((found[4][3] - 1.0).abs() < 1e-12);
        assert!(
            found[3][1].is_nan() && found[4][1].is_nan(),
            "three bars are not there yet"
        );
    }
}

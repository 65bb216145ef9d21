//! What the trees' features were like in training, to tell when live ones are others.

use std::collections::BTreeMap;

use market::Symbol;
use serde::{Deserialize, Serialize};

use crate::rows::RowChunk;

/// Mean and standard deviation of every feature of a coin over its training rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureStats {
    /// Mean of each feature; None where the coin had no value of it.
    pub mean: Vec<Option<f32>>,
    /// Standard deviation of each feature; 0 where it is constant, None where the coin had no
    /// value of it.
    pub std: Vec<Option<f32>>,
}

/// Sums over rows as they stream by.
pub(crate) struct FeatureSums {
    features: usize,
    /// Count, first value, and sums of differences from it and of their squares; `[coins,
    /// features]`.
    of_cell: Vec<(f64, f64, f64, f64)>,
}

impl FeatureSums {
    pub fn new(coins: usize, features: usize) -> Self {
        Self {
            features,
            of_cell: vec![(0.0, 0.0, 0.0, 0.0); coins * features],
        }
    }

    /// Adds rows; unknown values are left out.
    pub fn add(&mut self, chunk: &RowChunk<'_>) {
        for (&(_, coin), values) in chunk
            .cells
            .iter()
            .zip(chunk.values.chunks_exact(self.features))
        {
            let cells = &mut self.of_cell[coin * self.features..(coin + 1) * self.features];
            for ((count, first, sum, squares), value) in cells.iter_mut().zip(values) {
                let value = f64::from(*value);
                if value.is_nan() {
                    continue;
                }
                if *count == 0.0 {
                    *first = value;
                }
                *count += 1.0;
                *sum += value - *first;
                *squares += (value - *first).powi(2);
            }
        }
    }

    /// The statistics of every coin that had rows.
    pub fn by_symbol(&self, symbols: &[Symbol]) -> BTreeMap<String, FeatureStats> {
        let mut stats = BTreeMap::new();
        for (symbol, cells) in symbols
            .iter()
            .zip(self.of_cell.chunks_exact(self.features.max(1)))
        {
            if cells.iter().all(|cell| cell.0 == 0.0) {
                continue;
            }
            let mean = |&(count, first, sum, _): &(f64, f64, f64, f64)| {
                (count > 0.0).then(|| (first + sum / count) as f32)
            };
            let std = |&(count, _, sum, squares): &(f64, f64, f64, f64)| {
                (count > 0.0)
                    .then(|| (squares / count - (sum / count).powi(2)).max(0.0).sqrt() as f32)
            };
            let of_coin = FeatureStats {
                mean: cells.iter().map(mean).collect(),
                std: cells.iter().map(std).collect(),
            };
            stats.insert(symbol.to_string(), of_coin);
        }
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_the_rows_of_a_coin() {
        let mut sums = FeatureSums::new(2, 2);
        let values = [1.0, 5.0, 3.0, f32::NAN, 100.0, 7.0];
        sums.add(&RowChunk {
            values: &values,
            cells: &[(0, 0), (1, 0), (1, 1)],
        });
        let symbols = ["A", "B"].map(|name| Symbol::new(name).unwrap());
        let stats = sums.by_symbol(&symbols);
        let known = |values: [f32; 2]| values.map(Some).to_vec();
        assert_eq!(
            stats["A"],
            FeatureStats {
                mean: known([2.0, 5.0]),
                std: known([1.0, 0.0])
            }
        );
        assert_eq!(
            stats["B"],
            FeatureStats {
                mean: known([100.0, 7.0]),
                std: known([0.0, 0.0])
            }
        );
    }

    /// A coin with too little history for its longest feature has no value of it; what is written
    /// of that must be read back.
    #[test]
    fn a_feature_that_a_coin_never_had_is_read_back() {
        let mut sums = FeatureSums::new(1, 2);
        sums.add(&RowChunk {
            values: &[1.0, f32::NAN, 3.0, f32::NAN],
            cells: &[(0, 0), (1, 0)],
        });
        let stats = sums
            .by_symbol(&[Symbol::new("A").unwrap()])
            .remove("A")
            .unwrap();
        assert_eq!(
            stats,
            FeatureStats {
                mean: vec![Some(2.0), None],
                std: vec![Some(1.0), None]
            }
        );
        let json = serde_json::to_string(&stats).unwrap();
        assert_eq!(serde_json::from_str::<FeatureStats>(&json).unwrap(), stats);
    }
}

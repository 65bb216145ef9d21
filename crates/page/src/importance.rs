//! What the features of a model are worth, over all folds and in each of them.

use serde::{Deserialize, Serialize};
use statistics::{quantile, spearman};

/// What the features of a model are worth: the content of a run's `importance.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Importance {
    /// In any order.
    pub features: Vec<FeatureImportance>,
    /// In order of time; none in runs of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<FoldImportance>,
    /// What the values of the features with the largest SHAP contributions do, the largest first;
    /// none in runs of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependence: Vec<Dependence>,
}

/// What a feature's values do to forecasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dependence {
    /// The feature.
    pub name: String,
    /// Sampled rows of all folds in tenths by the feature's value, the lowest first.
    pub bins: Vec<DependenceBin>,
}

/// Rows whose values of a feature are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DependenceBin {
    /// Number of rows.
    pub rows: usize,
    /// Mean value of the feature.
    pub value: f64,
    /// Mean SHAP contribution to the forecast, in the target's unit.
    pub shap: f64,
    /// A tenth of the rows have a lower contribution.
    pub low: f64,
    /// A tenth of the rows have a higher contribution.
    pub high: f64,
}

/// Bins of a feature's values.
const BINS: usize = 10;

impl Dependence {
    /// The contributions of rows by their values of a feature; rows without a value are left out.
    /// None where fewer than 10 have one.
    pub fn new(name: &str, values: &[f64], shap: &[f64]) -> Option<Self> {
        let pairs = values.iter().copied().zip(shap.iter().copied());
        let mut rows: Vec<(f64, f64)> = pairs.filter(|(value, _)| value.is_finite()).collect();
        if rows.len() < BINS {
            return None;
        }
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let bin = |number: usize| {
            let own = &rows[rows.len() * number / BINS..rows.len() * (number + 1) / BINS];
            let mean = |of: fn(&(f64, f64)) -> f64| {
                own.iter().map(of).sum::<f64>() / own.len().max(1) as f64
            };
            let mut sorted: Vec<f64> = own.iter().map(|row| row.1).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            Some(DependenceBin {
                rows: own.len(),
                value: mean(|row| row.0),
                shap: mean(|row| row.1),
                low: quantile(&sorted, 0.1)?,
                high: quantile(&sorted, 0.9)?,
            })
        };
        Some(Self {
            name: name.to_owned(),
            bins: (0..BINS).filter_map(bin).collect(),
        })
    }
}

/// What one feature is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureImportance {
    /// The feature.
    pub name: String,
    /// Share of the loss that all splits saved, mean over folds.
    pub gain: f64,
    /// Share of the splits, mean over folds.
    pub split: f64,
    /// Mean absolute SHAP contribution over sampled rows, in the target's unit.
    pub shap: Option<f64>,
}

/// What the features are worth in one fold: columns with one entry a feature, in the order of
/// [`Importance::features`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldImportance {
    /// 1-based number of the fold.
    pub fold: usize,
    /// Share of the loss that all splits saved, mean over the fold's fits.
    pub gain: Vec<f64>,
    /// Share of the splits, mean over the fold's fits.
    pub split: Vec<f64>,
    /// Mean absolute SHAP contribution over sampled rows, in the target's unit; empty where there
    /// are none.
    pub shap: Vec<f64>,
}

/// How alike the features' ranks are in two folds that follow each other: Spearman's correlation;
/// None where one side is constant or unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankStability {
    /// 1-based numbers of the folds.
    pub folds: [usize; 2],
    /// Of the shares of gain.
    pub gain: Option<f64>,
    /// Of the shares of splits.
    pub split: Option<f64>,
    /// Of the mean absolute SHAP contributions.
    pub shap: Option<f64>,
}

impl Importance {
    /// The rank stability of each two folds that follow each other.
    pub fn rank_stability(&self) -> Vec<RankStability> {
        let of_pair = |pair: &[FoldImportance]| RankStability {
            folds: [pair[0].fold, pair[1].fold],
            gain: spearman(&pair[0].gain, &pair[1].gain),
            split: spearman(&pair[0].split, &pair[1].split),
            shap: spearman(&pair[0].shap, &pair[1].shap),
        };
        self.folds.windows(2).map(of_pair).collect()
    }

    /// Places of the features with the most gain, at most `count`, the most first.
    pub(crate) fn most_gain(&self, count: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.features.len()).collect();
        places.sort_by(|a, b| self.features[*b].gain.total_cmp(&self.features[*a].gain));
        places.truncate(count);
        places
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn fold(fold: usize, gain: [f64; 4]) -> FoldImportance {
        FoldImportance {
            fold,
            gain: gain.to_vec(),
            split: vec![0.25; 4],
            shap: Vec::new(),
        }
    }

    /// By scipy.stats.spearmanr.
    #[test]
    fn ranks_of_consecutive_folds_are_compared() {
        let importance = Importance {
            dependence: Vec::new(),
            features: Vec::new(),
            folds: vec![
                fold(1, [0.4, 0.3, 0.2, 0.1]),
                fold(2, [0.3, 0.4, 0.2, 0.1]),
                fold(4, [0.1, 0.2, 0.3, 0.4]),
            ],
        };
        let found = importance.rank_stability();
        assert_eq!(
            found.iter().map(|pair| pair.folds).collect::<Vec<_>>(),
            [[1, 2], [2, 4]]
        );
        for (pair, expected) in found.iter().zip([0.8, -0.8]) {
            assert!((pair.gain.unwrap() - expected).abs() < 1e-12, "{pair:?}");
            assert_eq!((pair.split, pair.shap), (None, None));
        }
    }

    #[test]
    fn contributions_are_put_into_tenths_by_value() {
        let values: Vec<f64> = (0..40).rev().map(f64::from).chain([f64::NAN]).collect();
        let shap: Vec<f64> = values.iter().map(|value| 2.0 * value).collect();
        let found = Dependence::new("x", &values, &shap).unwrap();
        assert_eq!(found.bins.len(), 10);
        // Of 0, 1, 2 and 3; numpy.quantile([0, 2, 4, 6], [.1, .9]) is .6 and 5.4.
        let first = found.bins[0];
        assert_eq!((first.rows, first.value, first.shap), (4, 1.5, 3.0));
        assert!((first.low - 0.6).abs() < 1e-12 && (first.high - 5.4).abs() < 1e-12);
        assert_eq!(Dependence::new("x", &values[..9], &shap[..9]), None);
    }

    #[test]
    fn files_of_older_versions_are_read() {
        let text = r#"{"features": [{"name": "a", "gain": 1.0, "split": 1.0, "shap": null}]}"#;
        let old: Importance = serde_json::from_str(text).unwrap();
        assert_eq!((old.features.len(), old.folds.len()), (1, 0));
        assert_eq!(old.rank_stability(), []);
    }
}

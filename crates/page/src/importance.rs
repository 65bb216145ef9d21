//! What the features of a model are worth, over all folds and in each of them.

use serde::{Deserialize, Serialize};
use statistics::spearman;

/// What the features of a model are worth: the content of a run's `importance.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Importance {
    /// In any order.
    pub features: Vec<FeatureImportance>,
    /// In order of time; none in runs of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<FoldImportance>,
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
    fn files_of_older_versions_are_read() {
        let text = r#"{"features": [{"name": "a", "gain": 1.0, "split": 1.0, "shap": null}]}"#;
        let old: Importance = serde_json::from_str(text).unwrap();
        assert_eq!((old.features.len(), old.folds.len()), (1, 0));
        assert_eq!(old.rank_stability(), []);
    }
}

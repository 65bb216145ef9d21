//! What the features of a model are worth.

use serde::{Deserialize, Serialize};

/// What the features of a model are worth: the content of a run's `importance.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Importance {
    /// In any order.
    pub features: Vec<FeatureImportance>,
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

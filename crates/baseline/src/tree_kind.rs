//! The libraries that grow trees, by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::part::TargetPart;

/// A library that grows trees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TreeKind {
    /// LightGBM, with the section `[lightgbm]`.
    #[default]
    LightGbm,
    /// XGBoost, with the section `[xgboost]`.
    XgBoost,
}

impl TreeKind {
    /// Its name: of its section, of a run's kind and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::LightGbm => "lightgbm",
            Self::XgBoost => "xgboost",
        }
    }

    /// The file of what the trees of a fold were trained with.
    pub(crate) fn record_file(self) -> &'static str {
        match self {
            Self::LightGbm => "lightgbm.json",
            Self::XgBoost => "xgboost.json",
        }
    }

    /// The file of a part's trees up to its best iteration: those of the whole target and of the
    /// coins' own parts have one name.
    pub(crate) fn model_file(self, part: TargetPart) -> &'static str {
        match (self, part) {
            (Self::LightGbm, TargetPart::Whole | TargetPart::Own) => "model.txt",
            (Self::LightGbm, TargetPart::Market) => "model-market.txt",
            (Self::XgBoost, TargetPart::Whole | TargetPart::Own) => "model.json",
            (Self::XgBoost, TargetPart::Market) => "model-market.json",
        }
    }
}

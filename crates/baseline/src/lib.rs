//! LightGBM on the same data set, folds and metrics as the network.

mod blocks;
mod command;
mod config;
mod error;
mod export;
mod fold;
mod hint;
mod importance;
mod kind;
mod lightgbm;
mod mlflow;
mod part;
mod recipe;
mod record;
mod rows;
mod saved;
mod statistics;
mod tree_grower;
mod trees;

pub use command::{Args, run};
pub use config::{BaselineConfig, Inputs, LightGbmConfig, StoppingProtocol, Validation};
pub use error::Error;
pub use hint::hint_of;
pub use kind::LightGbmKind;
pub use lightgbm::{BinnedTable, Booster, ImportanceOf, Library, Predict, VERSION};
pub use record::{FoldRecord, TreeCount};
pub use saved::SavedModel;
pub use statistics::FeatureStats;

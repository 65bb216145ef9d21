//! LightGBM on the same data set, folds and metrics as the network.

mod command;
mod config;
mod error;
mod export;
mod fold;
mod growing;
mod hint;
mod importance;
mod kind;
mod lightgbm;
mod recipe;
mod rows;
mod saved;
mod statistics;
mod trees;

pub use command::{Args, run};
pub use config::{BaselineConfig, Inputs, LightGbmConfig, Protocol, Validation};
pub use error::Error;
pub use hint::hint_of;
pub use kind::LightGbmKind;
pub use lightgbm::{Binned, Booster, ImportanceOf, Library, Predict, VERSION};

pub use saved::{FoldRecord, Grew, SavedModel};
pub use statistics::FeatureStats;

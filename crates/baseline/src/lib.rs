//! LightGBM on the same data set, folds and metrics as the network.

mod config;
mod error;
mod export;
mod fold;
mod growing;
mod importance;
mod lightgbm;
mod report;
mod rows;
mod run;
mod saved;
mod statistics;
mod trees;

pub use config::{BaselineConfig, Inputs, LightGbmConfig, Protocol, Validation};
pub use error::Error;
pub use lightgbm::{Binned, Booster, ImportanceOf, Library, Predict, VERSION};
pub use run::{Args, run};
pub use saved::{FoldRecord, Grew, SavedModel};
pub use statistics::FeatureStats;

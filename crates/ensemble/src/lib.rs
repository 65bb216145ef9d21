//! A forecaster made of others: their forecasts weighed by what they were worth on earlier folds.
//!
//! Two parts are weighed apart: the market's, which is the mean over the coins of a time, and each
//! coin's own, which is the rest. One function, [`combine`], puts them together, offline and live;
//! for weights that serve IC a day, in units of the coins' trailing volatility.

mod combine;
mod command;
mod config;
mod daily;
mod evidence;
mod fit;
mod gains;
mod lasso;
mod live;
mod mean;
mod members;
mod offline;
mod plain;
mod qlike;
mod report;
mod ridge;
mod ridge_sums;
mod rule;
mod saved;
mod training_rows;

pub use combine::{Weights, combine, combine_in_units, combine_known};
pub use command::{Args, run};
pub use config::{EnsembleConfig, EnsembleOptions, Method, Prior};
pub use fit::{FoldWeights, fold_weights};
pub use live::EnsembleKind;
pub use saved::SavedWeights;

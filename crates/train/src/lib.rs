//! Trains the network on walk-forward folds, scores it out of sample and writes a run.

mod blocks;
mod command;
mod config;
mod drift;
mod dry_run;
mod hint;
mod kind;
mod loss_check;
mod monitor;
mod pieces;
mod precision;
mod recipe;
mod residuals;
mod sampler;
mod saved;
mod stopwatch;
mod training;
mod training_panel;
mod warm_start;

pub use command::{Args, run};
pub use config::{OptimizerConfig, Schedule, TrainConfig, TrainingConfig, WeightSelection};
pub use hint::hint_of;
pub use kind::NetworkKind;
pub use precision::PrecisionChoice;
pub use recipe::NetworkRecipe;
pub use residuals::Residuals;
pub use saved::SavedNetworks;

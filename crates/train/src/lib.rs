//! Trains the network on walk-forward folds, scores it out of sample and writes a run.

mod config;
mod dry_run;
mod pieces;
mod report;
mod run;
mod sampler;
mod stopwatch;
mod training;
mod warm_start;

pub use config::{OptimizerConfig, Schedule, Selection, TrainConfig, TrainingConfig};
pub use run::{Args, run};

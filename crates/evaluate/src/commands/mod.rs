//! `evaluate RUN...` and the other commands: the part of the crate that reads and writes files.

mod across;
mod backtest;
mod quantiles;
mod runs;
mod score;
mod selection;
mod thresholds;

pub use across::AcrossArgs;
pub use backtest::BacktestArgs;
pub use quantiles::QuantileArgs;
pub use score::{Args, Command, ControlArgs, run};
pub use thresholds::TuneArgs;

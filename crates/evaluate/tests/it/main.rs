//! The evaluate library against other implementations and as properties, and its report.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod backtest;
mod coverage;
mod errors;
mod golden;
mod golden_backtest;
mod golden_thresholds;
mod properties;
mod report;
mod rows;
mod thresholds;

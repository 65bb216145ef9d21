//! LightGBM and XGBoost against their Python packages, and the binary as a process.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod command;
mod errors;
mod golden;
mod golden_xgboost;
mod saved;
mod support;
mod xgboost_runs;

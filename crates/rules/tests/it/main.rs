//! Thresholds, bins, backtests and break-even fees: against other implementations, and what holds
//! for all of them.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod backtest;
mod break_even;
mod cut;
mod exposure;
mod golden_backtest;
mod golden_thresholds;
mod market;
#[path = "../../../score/tests/it/rows.rs"]
mod rows;
mod thresholds;
mod timing;
#[path = "../../../score/tests/it/volatilities.rs"]
mod volatilities;

/// An error's message and, on a line of its own, its hint.
fn told(error: &rules::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

//! Scores against other implementations, and what a report holds.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod calibration;
mod coverage;
mod errors;
mod golden;
mod intervals;
mod levels;
mod prices;
mod report;
mod rows;
#[allow(dead_code, reason = "the tests of rules and page use all of it")]
mod volatilities;

/// An error's message and, on a line of its own, its hint.
fn told(error: &score::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

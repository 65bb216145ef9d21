//! Tests of the dataset library through its public interface.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod coins;
mod forecast_table;
mod golden;
mod groups;

mod relative;
mod resample;
mod volatility;

/// An error's message and, on a line of its own, its hint.
fn told(error: &dataset::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

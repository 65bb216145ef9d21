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
mod har_range;
mod relative;
mod resample;

/// An error's message and, on a line of its own, its hint.
fn told(error: &dataset::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

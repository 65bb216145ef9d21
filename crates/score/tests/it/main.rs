//! Scores against other implementations, and what a report holds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod coverage;
mod errors;
mod golden;
mod report;
mod rows;

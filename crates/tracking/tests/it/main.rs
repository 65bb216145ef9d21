//! Integration tests of the crate tracking.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod failures;
#[cfg(unix)]
mod mlflow;
mod requests;
mod stub;

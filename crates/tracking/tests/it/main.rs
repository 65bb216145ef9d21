//! Integration tests of the crate tracking.
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

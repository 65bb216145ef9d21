//! Tests of the evaluate library against other implementations, as properties, and of its report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod coverage;
mod errors;
mod golden;
mod properties;
mod report;
mod rows;

//! Tests of the public interface: against PyTorch, of forecasting, and of records on disk.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod forecast;
mod golden;
mod horizons;
mod losses;
mod record;
mod support;
mod training;

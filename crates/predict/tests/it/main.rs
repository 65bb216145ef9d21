//! The binary `predict` as a process.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod errors;
mod in_sample;
mod once;
mod plot;
mod support;
mod watch;

//! Tests of the classical models through their public interface.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod file;
mod golden;
mod knows;
mod left_out;
mod short;
mod support;

//! Tests of the ridge through its public interface.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod file;
mod golden;
mod knows;
mod support;

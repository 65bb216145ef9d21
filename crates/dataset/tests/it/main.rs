//! Tests of the dataset library through its public interface.
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

//! The pretend exchange as its clients see it, over loopback.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod archive;
mod client;
mod coins;
mod faults;
mod rest;
mod socket;

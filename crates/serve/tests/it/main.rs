//! A server on loopback, over a ledger that holds forecasts of a real model's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod answers;
mod bad_input;
mod beside;
mod book;
mod pause;
mod rows;
mod support;
mod why;

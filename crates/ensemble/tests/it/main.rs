//! Weights of the methods `ic_a_day` and `qlike`, by what fits them and what uses them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod golden;
mod knows;
mod noise;
mod qlike;
mod support;

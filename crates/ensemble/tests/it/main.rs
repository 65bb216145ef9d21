//! Weights of the method `ic_a_day`, by what fits them and what uses them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod golden;
mod knows;
mod noise;
mod support;

//! Pipeline tests across crates.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod cache;
mod daily;
mod ensemble;
mod fitting;
mod live;
mod look_ahead;
mod panel20;
mod released;
mod signal;
mod store;

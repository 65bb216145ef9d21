//! What tables, pages and charts say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod html;
#[path = "../../../rules/tests/it/market.rs"]
mod market;
#[path = "../../../score/tests/it/rows.rs"]
mod rows;
mod text;
mod trading;

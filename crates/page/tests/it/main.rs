//! What tables, pages and charts say.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod html;
mod levels;
#[path = "../../../rules/tests/it/market.rs"]
mod market;
#[path = "../../../score/tests/it/rows.rs"]
mod rows;
mod text;
mod trading;
#[path = "../../../score/tests/it/volatilities.rs"]
mod volatilities;

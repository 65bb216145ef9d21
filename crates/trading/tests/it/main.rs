//! The ledger as its users meet it: written, killed, opened again.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod keeping;
mod ledger;
mod status;
mod summary;

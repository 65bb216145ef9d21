//! The binary `quarterhour` as a process: its list of subcommands, and what those subcommands say
//! whose crates have no binary of their own.
#![allow(clippy::too_many_lines, reason = "a test reads from top to bottom")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod cadence;
mod daily;
mod download;
mod ensemble;
mod evaluate;
mod health;
mod hints;
mod models;
mod names;
mod record;
mod reference;
mod replay;
mod reports;
mod schema;
mod search;
mod volatility_input;
mod watch_serve;

use std::process::Command;

/// The binary.
const QUARTERHOUR: &str = env!("CARGO_BIN_EXE_quarterhour");

/// One of its subcommands, to add arguments to.
fn quarterhour(subcommand: &str) -> Command {
    let mut command = Command::new(QUARTERHOUR);
    command.arg(subcommand);
    command
}

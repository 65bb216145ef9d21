//! The binary `evaluate`.

mod across_command;
mod backtest_command;
mod command;
mod quantiles_command;
mod runs;
mod selection;
mod tune_command;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::finish(command::run(&command::Args::parse()))
}

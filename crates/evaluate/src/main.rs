//! The binary `evaluate`.

mod command;
mod tune_command;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::finish(command::run(&command::Args::parse()))
}

//! The binary `evaluate`.

mod command;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::finish(command::run(&command::Args::parse()))
}

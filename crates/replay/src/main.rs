//! The binary `replay`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::finish(replay::run(&replay::Args::parse()))
}

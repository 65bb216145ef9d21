//! The binary `download`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::finish(download::run(&download::Args::parse()))
}

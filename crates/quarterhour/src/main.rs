//! The binary `quarterhour`: everything that the project does, by one name.

mod commands;
mod completions;
mod man;
mod version;

use std::process::ExitCode;

use clap::Parser;

// Burn allocates and frees every intermediate; page faults of the system's allocator cost a third
// of a step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Forecast where crypto coins go in the next quarter of an hour, and score it honestly
#[derive(Debug, Parser)]
#[command(version = version::VERSION, subcommand_required = true, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    model::without_display();
    cli::finish(Args::parse().command.run(), predict::hint_of)
}

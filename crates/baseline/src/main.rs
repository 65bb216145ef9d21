//! The binary `baseline`.

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::finish(baseline::run(&baseline::Args::parse()), baseline::hint_of)
}

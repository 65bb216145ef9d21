//! The binary `predict`.

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    model::without_display();
    cli::finish(predict::run(&predict::Args::parse()), predict::hint_of)
}

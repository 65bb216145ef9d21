//! The binary `train`.

use std::process::ExitCode;

// Burn allocates and frees every intermediate; page faults of the system's allocator cost a third
// of a step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    model::without_display();
    cli::finish(train::run(&cli::parse(train::hint_of)), train::hint_of)
}

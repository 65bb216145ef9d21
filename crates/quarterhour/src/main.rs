//! The binary `quarterhour`: everything that the project does, by one name.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod book;
mod commands;
mod completions;
mod config_file;
mod features;
mod man;
mod reference;
mod schema;
mod version;

use std::process::ExitCode;

// Burn allocates and frees every intermediate; page faults of the system's allocator cost a third
// of a step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    model::without_display();
    let args: commands::Args = cli::parse(predict::hint_of);
    match args.command.run() {
        Ok(code) => code,
        Err(error) => cli::finish(Err(error), predict::hint_of),
    }
}

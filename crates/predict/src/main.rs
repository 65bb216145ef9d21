//! The binary `predict`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    model::without_display();
    cli::finish(
        predict::run(&cli::parse(predict::hint_of)),
        predict::hint_of,
    )
}

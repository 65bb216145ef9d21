//! How a binary ends: its error as a person reads it, and the exit code that scripts read.

use std::error::Error;
use std::process::ExitCode;

use crate::output::{hint, say};
use crate::secret::without_addresses;
use crate::{HintOf, hints, is_usage};

/// The arguments of the command line. What is wrong with them is printed and ends the program with
/// exit code 2; the hint of a value's own error, which clap does not know, stands below.
pub fn parse<Args: clap::Parser>(hint_of: HintOf) -> Args {
    if let Some([_, columns]) = terminal_size() {
        terminal::set_width(columns);
    }
    Args::try_parse().unwrap_or_else(|error| {
        let arguments: Vec<String> = std::env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        match without_addresses(&error.to_string(), &arguments) {
            Some(text) if error.use_stderr() => say(format_args!("{}", text.trim_end())),
            // Nobody is left to tell when the terminal is gone.
            _ => drop(error.print()),
        }
        error.source().and_then(hint_of).iter().for_each(hint);
        std::process::exit(error.exit_code())
    })
}

/// Lines and columns of the terminal that stdout is, as of now; None where it is none.
pub fn terminal_size() -> Option<[usize; 2]> {
    let stdout = console::Term::stdout();
    let (lines, columns) = stdout.size_checked().filter(|_| stdout.is_term())?;
    Some([lines, columns].map(usize::from))
}

/// Prints the error chain once and its hints below it, and returns the exit code: 0 done, 1 failed,
/// 2 usage or config. `hint_of` knows the error types of all crates that the binary stands on.
pub fn finish(result: anyhow::Result<()>, hint_of: HintOf) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("error: {error:#}"));
            hints(&error, hint_of).iter().for_each(hint);
            ExitCode::from(if is_usage(&error) { 2 } else { 1 })
        }
    }
}

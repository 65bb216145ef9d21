//! How a binary ends: its error as a person reads it, and the exit code that scripts read.

use std::process::ExitCode;

use crate::output::{hint, say};
use crate::{HintOf, hints, is_usage};

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

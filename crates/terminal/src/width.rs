//! How wide lines may be.

use std::sync::OnceLock;

/// Columns of the terminal that is written to.
static COLUMNS: OnceLock<usize> = OnceLock::new();

/// Narrowest line: labels and one column of a table need as much.
const NARROWEST: usize = 40;

/// Says how many columns the terminal has that the program writes to. It is said once, at the start, and
/// not at all where output goes into a file or a pipe: there lines are as wide as they are without a
/// terminal.
pub fn set_width(columns: usize) {
    // A second call changes nothing.
    let _ = COLUMNS.set(columns.max(NARROWEST));
}

/// The widest line where `usual` is that without a terminal.
pub fn line_width(usual: usize) -> usize {
    COLUMNS.get().map_or(usual, |columns| usual.min(*columns))
}

//! Room for arrays that have a value for each row and coin.

use storage::{Array, Number, Scratch};

/// An array of zeros, where `scratch` keeps arrays; in memory, with a warning, where the disk has become
/// full since loading checked that there is room for all.
pub(crate) fn zeros<T: Number>(scratch: &Scratch, len: usize) -> Array<T> {
    scratch.zeros(len).unwrap_or_else(|error| {
        let kept = format!("{error}; these values are kept in memory instead");
        cli::warn_with_hints(kept, error.hint());
        vec![T::default(); len].into()
    })
}

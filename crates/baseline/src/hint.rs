//! Hints of the error types that runs of trees may meet.

use std::error::Error;

/// The hint of an error of a run or of a library of trees; None where its type is another one.
pub fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
    let trees = || error.downcast_ref().and_then(crate::Error::hint);
    run::hint_of(error).or_else(trees)
}

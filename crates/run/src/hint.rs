//! Hints of the error types that every run may meet.

use std::error::Error;

/// The hint of an error of the crates that runs stand on; None where its type is another one.
pub fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
    let evaluate = || error.downcast_ref().and_then(evaluate::Error::hint);
    let tracking = || error.downcast_ref().and_then(tracking::Error::hint);
    dataset::hint_of(error).or_else(evaluate).or_else(tracking)
}

//! Hints of the error types that every run may meet.

use std::error::Error;

use crate::JoinError;

/// The hint of an error of the crates that runs stand on; None where its type is another one.
pub fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
    let join = || error.downcast_ref().and_then(JoinError::hint);
    let score = || error.downcast_ref().and_then(score::Error::hint);
    let tracking = || error.downcast_ref().and_then(tracking::Error::hint);
    dataset::hint_of(error)
        .or_else(join)
        .or_else(score)
        .or_else(tracking)
}

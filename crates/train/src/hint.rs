//! Hints of the error types that training may meet.

use std::error::Error;

/// The hint of an error of a run or of the network; None where its type is another one.
pub fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
    let network = || error.downcast_ref().and_then(model::Error::hint);
    run::hint_of(error).or_else(network)
}

//! Hints of the error types of all crates.

use std::error::Error;

/// The hint of an error of any crate of the project; None where its type is another one.
pub fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
    let linear = || error.downcast_ref().and_then(linear::Error::hint);
    let registry = || error.downcast_ref().and_then(registry::Error::hint);
    let rules = || error.downcast_ref().and_then(rules::Error::hint);
    let trading = || error.downcast_ref().and_then(trading::Error::hint);
    let volatility = || error.downcast_ref().and_then(volatility::Error::hint);
    train::hint_of(error)
        .or_else(|| baseline::hint_of(error))
        .or_else(linear)
        .or_else(registry)
        .or_else(rules)
        .or_else(trading)
        .or_else(volatility)
}

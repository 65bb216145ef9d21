//! HAR on returns, ranges and the coin's level.

use super::model::{Model, ModelSettings};
use super::pooled::{Pooled, Scale};
use crate::terms::FULL;

/// The model.
pub(crate) fn init(_: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(Pooled {
        description: "HAR in logarithms on returns and Parkinson ranges of the last day, week and month, and on the coin's level, the mean of its daily log Garman-Klass volatility so far.",
        terms: FULL.to_vec(),
        scale: Scale::Log,
    })
}

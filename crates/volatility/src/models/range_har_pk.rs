//! HAR on Parkinson's range.

use super::model::{Model, ModelSettings};
use super::pooled::{Pooled, Scale};
use crate::terms::{LPK1, LPK7, LPK30};

/// The model.
pub(crate) fn init(_: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(Pooled {
        description: "HAR in logarithms on the Parkinson volatility of the last day, week and month, which highs and lows tell with less noise than closes.",
        terms: vec![LPK1, LPK7, LPK30],
        scale: Scale::Log,
    })
}

//! HAR of Corsi (2009), in levels.

use super::model::{Model, ModelSettings};
use super::pooled::{Pooled, Scale};
use crate::terms::{RV1, RV7, RV30};

/// The model.
pub(crate) fn init(_: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(Pooled {
        description: "HAR (Corsi 2009): volatility on that of the last day, week and month, all coins together. Forecasts are floored at 0.001 a day.",
        terms: vec![RV1, RV7, RV30],
        scale: Scale::Level,
    })
}

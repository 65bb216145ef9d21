//! HAR in logarithms.

use super::model::{Model, ModelSettings};
use super::pooled::{Pooled, Scale};
use crate::terms::{LRV1, LRV7, LRV30};

/// The model.
pub(crate) fn init(settings: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(Pooled {
        description: "HAR in logarithms: log volatility on that of the last day, week and month, all coins together. \
                      `volatility.terms` names others.",
        terms: settings.terms_or(&[LRV1, LRV7, LRV30]),
        scale: Scale::Log,
    })
}

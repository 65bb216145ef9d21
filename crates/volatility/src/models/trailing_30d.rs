//! The volatility of the last 30 days.

use super::control::AsControl;
use super::model::{Model, ModelSettings};

const DESCRIPTION: &str = "The volatility of the last 30 days, as it is.";

/// The model.
pub(crate) fn init(settings: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(AsControl::new(settings, "trailing_30d", DESCRIPTION))
}

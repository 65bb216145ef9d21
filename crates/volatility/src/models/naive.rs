//! The volatility of the last horizon.

use super::control::AsControl;
use super::model::{Model, ModelSettings};

const DESCRIPTION: &str = "The volatility of the last horizon, as it is: persistence.";

/// The model.
pub(crate) fn init(settings: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(AsControl::new(settings, "naive", DESCRIPTION))
}

//! Exponentially weighted squared returns.

use super::control::AsControl;
use super::model::{Model, ModelSettings};

const DESCRIPTION: &str = "The root of exponentially weighted squared returns with a decay of 0.94 a day (RiskMetrics 1996), as it is.";

/// The model.
pub(crate) fn init(settings: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(AsControl::new(settings, "ewma", DESCRIPTION))
}

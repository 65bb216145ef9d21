//! The line from a forecast to the return that is expected.

use serde::{Deserialize, Serialize};

/// A linear fit of realized on forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How much of the forecast comes true.
    pub slope: f64,
    /// What comes at a forecast of 0.
    pub intercept: f64,
}

impl Calibration {
    /// What the fit says of a forecast.
    pub fn of(self, forecast: f64) -> f64 {
        self.intercept + self.slope * forecast
    }
}

//! Settings of the bootstrap.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::rows::setting;

/// Draws below which a 95 % interval's ends are too noisy to print.
const LEAST_DRAWS: usize = 2_000;

/// Settings of the bootstrap intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Number of bootstrap draws, at least 2,000.
    pub draws: usize,
    /// Confidence of the intervals, between 0 and 1.
    pub confidence: f64,
    /// Seed of the draws.
    pub seed: u64,
    /// Shortest mean block length, in bars: one hour of minutes, as forecasts move slower than any
    /// one fold can show.
    pub floor_bars: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            draws: LEAST_DRAWS,
            confidence: 0.95,
            seed: 0,
            floor_bars: 60,
        }
    }
}

impl Options {
    /// Refuses settings no honest interval can be made with.
    ///
    /// # Errors
    /// Names the setting that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        if self.draws < LEAST_DRAWS {
            let expected = "at least 2000: the ends of an interval from fewer draws are noise";
            return Err(setting("draws", self.draws, expected));
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return Err(setting(
                "confidence",
                self.confidence,
                "a share between 0 and 1, such as 0.95",
            ));
        }
        if self.floor_bars == 0 {
            return Err(setting("floor_bars", self.floor_bars, "at least 1 bar"));
        }
        Ok(())
    }
}

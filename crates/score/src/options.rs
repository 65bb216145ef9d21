//! Settings of the bootstrap.

use serde::{Deserialize, Serialize};

use crate::error::setting;
use crate::{Error, Rows};

/// Draws below which a 95 % interval's ends are too noisy to print.
const LEAST_DRAWS: usize = 2_000;

/// Draws beyond which an interval only takes longer.
const MOST_DRAWS: usize = 1_000_000;

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
    /// Shortest mean block length where targets do not reach further: one hour, as forecasts move
    /// slower than any one fold can show.
    pub floor_ms: i64,
    /// Days of a block in the bootstrap of scores of volatility, which moves in months: 28.
    #[serde(skip)]
    pub block_days: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            draws: LEAST_DRAWS,
            confidence: 0.95,
            seed: 0,
            floor_ms: 3_600_000,
            block_days: 28,
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
        if self.draws > MOST_DRAWS {
            let expected = "at most 1000000: more show no other interval";
            return Err(setting("draws", self.draws, expected));
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return Err(setting(
                "confidence",
                self.confidence,
                "a share between 0 and 1, such as 0.95",
            ));
        }
        if !(1..=365).contains(&self.block_days) {
            return Err(setting("block_days", self.block_days, "1 to 365 days"));
        }
        if self.floor_ms < 1 {
            return Err(setting("floor_ms", self.floor_ms, "at least 1 ms"));
        }
        Ok(())
    }

    /// Shortest mean block length of these rows, in bars: that of the settings, and at least the
    /// targets' reach.
    pub fn floor_bars(&self, rows: &Rows) -> usize {
        let floor = (self.floor_ms as u64).div_ceil(rows.bar_ms.max(1) as u64);
        rows.reach_bars.max(floor as usize)
    }
}

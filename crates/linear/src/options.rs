//! The `[ridge]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The `[ridge]` section: how strongly coefficients are held back, and how fast they forget.
///
/// A penalty is a number of independent rows: overlapping targets count once a horizon. Each term
/// is measured in its own mean square, so that its unit does not matter. The defaults were chosen
/// on the first 93 scored days of 60 coins, where half lives of 3 to 7 days are alike, and so are
/// penalties from 2,000 to 20,000.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RidgeOptions {
    /// Days after which a row weighs half as much in the coefficients of the coins' own parts.
    pub half_life_days: f64,
    /// For the coins' own parts: rows that draw the coefficients of all days to 0, and those of the
    /// last days to these.
    pub penalty: f64,
    /// For the market's part: rows that draw its coefficients to a weak reversal. A market has one
    /// row where coins have dozens, so that it takes years of rows to move them.
    pub market_penalty: f64,
    /// How firmly the market's part is believed in before the first day: the larger, the longer its
    /// share stays near 1 whatever its forecasts were worth.
    pub market_trust: f64,
}

impl Default for RidgeOptions {
    fn default() -> Self {
        Self {
            half_life_days: 5.0,
            penalty: 10_000.0,
            market_penalty: 100_000.0,
            market_trust: 50.0,
        }
    }
}

impl RidgeOptions {
    /// Checks every value.
    ///
    /// # Errors
    /// [`Error::Option`] with the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        let values = [
            ("ridge.half_life_days", self.half_life_days),
            ("ridge.penalty", self.penalty),
            ("ridge.market_penalty", self.market_penalty),
            ("ridge.market_trust", self.market_trust),
        ];
        match values
            .into_iter()
            .find(|(_, v)| !v.is_finite() || *v <= 0.0)
        {
            Some((key, found)) => Err(Error::Option { key, found }),
            None => Ok(()),
        }
    }
}

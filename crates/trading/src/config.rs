//! The `[trading]` section.

use rules::Costs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The `[trading]` section: what a pretend position costs, and when one is opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TradingConfig {
    /// What every fill costs, in basis points of its value. A position pays twice, when it opens
    /// and when it closes.
    pub costs: Costs,
    /// Whether a coin may have several positions at a time.
    pub overlapping: bool,
    /// A forecast that is made later than this many seconds after its candle closed is logged but
    /// not acted on. A forecast takes a fraction of a second, and after some seconds the price is
    /// another one.
    pub act_within_secs: f64,
    /// Whether a forecast is acted on that is the indicator rule's, which stands in for a model
    /// that does not load.
    pub act_on_rule: bool,
    /// Whether a forecast is acted on that had to do without a coin of the universe.
    pub act_without_all_coins: bool,
    /// Whether a coin is acted on whose features have drifted beyond `watch.drift_limit_std`.
    pub act_on_drift: bool,
}

impl Default for TradingConfig {
    fn default() -> Self {
        Self {
            costs: Costs::default(),
            overlapping: false,
            act_within_secs: 5.0,
            act_on_rule: false,
            act_without_all_coins: false,
            act_on_drift: true,
        }
    }
}

impl TradingConfig {
    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |key, found: String, expected| Error::Config {
            key,
            found,
            expected,
        };
        self.costs
            .validate()
            .map_err(|error| wrong("trading.costs", error.to_string(), "basis points"))?;
        if !(self.act_within_secs > 0.0 && self.act_within_secs <= 86_400.0) {
            let expected = "a number above 0, at most 86400";
            return Err(wrong(
                "trading.act_within_secs",
                self.act_within_secs.to_string(),
                expected,
            ));
        }
        Ok(())
    }
}

//! The `[volatility.garch]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[volatility.garch]` section: a GARCH model of each coin's returns, with a mean of 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GarchOptions {
    /// How many past squared returns the variance depends on.
    pub arch_order: usize,
    /// How many past variances the variance depends on.
    pub garch_order: usize,
    /// Distribution of the returns in units of their deviation.
    pub distribution: Distribution,
    /// Number of returns that a coin must have. One with fewer is forecast by the exponentially
    /// weighted mean, and so is a coin whose fit does not converge or whose variance would grow for ever;
    /// the report counts them.
    pub least_returns: usize,
}

/// Distribution of returns in units of their deviation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Normal: the likelihood is right for the variance even where returns are not normal.
    #[default]
    Normal,
    /// Student's t with fitted degrees of freedom.
    StudentT,
}

impl Default for GarchOptions {
    fn default() -> Self {
        Self {
            arch_order: 1,
            garch_order: 1,
            distribution: Distribution::Normal,
            least_returns: 100,
        }
    }
}

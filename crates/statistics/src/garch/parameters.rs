//! What a GARCH model is, and what it is fitted to.

use serde::{Deserialize, Serialize};

/// Distribution of the returns divided by the root of their variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errors {
    /// The normal distribution.
    #[default]
    Normal,
    /// Student's t distribution, scaled to the variance 1; its degrees of freedom are fitted too.
    StudentT,
}

/// Which GARCH model is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Number of squared returns that a variance looks back on, p.
    pub arch_lags: usize,
    /// Number of variances that a variance looks back on, q.
    pub garch_lags: usize,
    /// Distribution of the errors.
    pub errors: Errors,
}

impl Default for Model {
    /// GARCH(1, 1) with normal errors.
    fn default() -> Self {
        Self {
            arch_lags: 1,
            garch_lags: 1,
            errors: Errors::Normal,
        }
    }
}

/// The parameters of a GARCH model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// The constant, in the unit of a variance.
    pub omega: f64,
    /// Weight of each squared return, the latest first.
    pub alpha: Vec<f64>,
    /// Weight of each variance, the latest first.
    pub beta: Vec<f64>,
    /// Degrees of freedom of Student's t distribution, above 2; None of normal errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom: Option<f64>,
}

impl Parameters {
    /// The sum of alpha and beta: the share of a surprise that is left in the variance forecast of the
    /// next bar. Variances return to a level of their own where it is below 1.
    pub fn persistence(&self) -> f64 {
        self.alpha.iter().chain(&self.beta).sum()
    }

    /// The variance that forecasts tend to, `omega / (1 - persistence)`; without end where that is not
    /// below 1.
    pub fn long_run_variance(&self) -> f64 {
        match 1.0 - self.persistence() {
            rest if rest > 0.0 => self.omega / rest,
            _ => f64::INFINITY,
        }
    }
}

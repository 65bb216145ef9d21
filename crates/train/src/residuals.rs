//! Where the residuals come from that a volatility is published by.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Config, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the residuals come from that the forecasts of a volatility are published by: what turns the
/// logarithm into a volatility, intervals and probabilities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Residuals {
    /// The out-of-sample forecasts of earlier folds. The first fold has none, and is published
    /// without intervals, as it is forecast.
    #[default]
    EarlierFolds,
    /// Four blocks of the training rows, each forecast by a further network, which is trained on the
    /// other blocks. Every fold has them, and trains five networks instead of one.
    Blocks,
}

impl Residuals {
    /// Returns true for what is not written, so that the configs of older runs stay the same.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks that the forecasts are of a volatility, and that no network of a block would have seen
    /// the block.
    ///
    /// # Errors
    /// The key that is in the way, with a hint.
    pub fn check(self, shared: &Config, is_warm: bool) -> anyhow::Result<()> {
        if self == Self::EarlierFolds {
            return Ok(());
        }
        let task = shared.target.init(shared.data.interval).task();
        let (found, expected) = match task {
            Task::LogVolatility if is_warm => (
                "training.warm_start or training.begin_with".to_owned(),
                "no weights to go on from",
            ),
            Task::LogVolatility if !shared.panels.is_empty() => {
                ("[[panel]] sections".to_owned(), "none")
            }
            Task::LogVolatility => return Ok(()),
            _ => (
                format!("target.kind = \"{}\"", shared.target.kind),
                "\"volatility\"",
            ),
        };
        Err(
            anyhow!("training.residuals = \"blocks\" beside {found}: expected {expected}")
                .hint("--set training.residuals=earlier_folds"),
        )
    }
}

//! What the sections of both libraries say alike: what trees see, and when they stop growing.

use anyhow::anyhow;
use cli::WithHint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What trees see of a row, and when they stop growing.
#[derive(Debug, Clone, PartialEq)]
pub struct GrowthConfig {
    /// What the trees see of a row.
    pub features: Inputs,
    /// Bars over which statistics are taken, where the trees see windows.
    pub lookbacks: Vec<usize>,
    /// What decides early stopping.
    pub protocol: StoppingProtocol,
    /// What early stopping looks at.
    pub validation: Validation,
    /// Most trees of a fold, or of a part.
    pub rounds: usize,
    /// Rounds without a better validation after which trees stop growing; None keeps all rounds.
    pub patience: Option<usize>,
    /// Rows of each fold that SHAP contributions are computed for.
    pub shap_rows: usize,
}

impl GrowthConfig {
    /// Rounds without a better validation after which trees stop growing; None keeps all rounds.
    pub(crate) fn patience(&self) -> Option<usize> {
        match self.protocol {
            StoppingProtocol::Honest | StoppingProtocol::Seed => self.patience,
            StoppingProtocol::Blocks => None,
        }
    }

    /// Refuses values that trees cannot be grown with; `section` is where they stand.
    pub(crate) fn validate(&self, section: &str, early_stopping_share: f64) -> anyhow::Result<()> {
        let shortest = self.lookbacks.iter().copied().min().unwrap_or(0);
        let longest = self.lookbacks.iter().copied().max().unwrap_or(0);
        let is_windows = self.features == Inputs::Windows;
        let lookbacks = self.lookbacks.len();
        let patience = self.patience.unwrap_or_default();
        check_numbers(
            section,
            &[
                (
                    "lookbacks.len()",
                    lookbacks as f64,
                    lookbacks <= 100,
                    "of at most 100 lookbacks",
                ),
                (
                    "patience",
                    patience as f64,
                    patience <= 1_000_000,
                    "from 1 to 1000000, or \"off\"",
                ),
                (
                    "shap_rows",
                    self.shap_rows as f64,
                    self.shap_rows <= 1_000_000,
                    "from 1 to 1000000, or \"off\"",
                ),
                (
                    "lookbacks",
                    shortest as f64,
                    !is_windows || (shortest > 1 && longest <= 100_000),
                    "of 2 to 100000 bars",
                ),
                (
                    "rounds",
                    self.rounds as f64,
                    (1..=1_000_000).contains(&self.rounds),
                    "from 1 to 1000000",
                ),
            ],
        )?;
        self.validate_protocol(section, early_stopping_share)
    }

    /// Refuses a share of the training rows that the protocol cannot do with.
    fn validate_protocol(&self, section: &str, early_stopping_share: f64) -> anyhow::Result<()> {
        if self.protocol == StoppingProtocol::Blocks && early_stopping_share > 0.0 {
            return Err(anyhow!(
                "split.early_stopping_share = {early_stopping_share}: expected 0 with \
                 {section}.protocol = \"blocks\", which holds back nothing"
            )
            .hint("--set split.early_stopping_share=0"));
        }
        if self.protocol == StoppingProtocol::Honest
            && early_stopping_share == 0.0
            && self.patience.is_some()
        {
            return Err(anyhow!(
                "the honest protocol needs an early-stopping slice, but \
                 split.early_stopping_share is 0"
            )
            .hint(format!(
                "--set split.early_stopping_share=0.15, or --set {section}.patience=off, \
                 which keeps all rounds"
            )));
        }
        Ok(())
    }
}

/// Refuses the first number that is not usable: its key, what was found, whether that is usable,
/// what is expected.
pub(crate) fn check_numbers(
    section: &str,
    checks: &[(&str, f64, bool, &str)],
) -> anyhow::Result<()> {
    for (key, found, usable, expected) in checks {
        if !(*usable && found.is_finite()) {
            return Err(
                anyhow!("{section}.{key} = {found}: expected a number {expected}").hint(format!(
                    "change it in the config file or with --set {section}.{key}=VALUE"
                )),
            );
        }
    }
    Ok(())
}

/// What the trees see of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// The features of the row alone.
    Row,
    /// The features of the row, and their statistics over the windows that end there.
    Windows,
}

/// What decides early stopping.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum StoppingProtocol {
    /// The last part of the training time, which is not trained on.
    Honest,
    /// Four blocks of the training time, each forecast by trees that were grown on the others: the
    /// number of trees, up to `lightgbm.rounds`, with the least mean error is then grown on all of
    /// it. It takes `split.early_stopping_share = 0`, and `lightgbm.patience` decides nothing.
    Blocks,
    /// The scored fold itself, as many published results have it: optimistic, for comparison with
    /// them only.
    Seed,
}

/// What early stopping looks at, on the validation rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Validation {
    /// Mean squared error; lower is better.
    #[serde(rename = "l2")]
    L2,
    /// Pearson correlation over all rows.
    #[serde(rename = "pearson")]
    Pearson,
    /// Mean over timestamps of Spearman's correlation across coins.
    #[serde(rename = "rank_ic")]
    RankIc,
}

//! How a fold's trees came about, on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::Origin;
use market::Symbol;
use serde::{Deserialize, Serialize};
use storage::write_atomically;

use crate::classes::ClassLevels;
use crate::statistics::FeatureStats;
use crate::{StoppingProtocol, TreeKind, Validation};

/// How a fold's model was trained: the content of `lightgbm.json` or `xgboost.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldRecord {
    /// 1-based fold.
    pub fold: usize,
    /// What decided early stopping.
    pub protocol: StoppingProtocol,
    /// What it looked at.
    pub validation: Validation,
    /// The library's parameters.
    pub parameters: String,
    /// Trees that were grown; with parts, of the coins' own.
    pub rounds: usize,
    /// Trees that are kept; with parts, of the coins' own.
    pub best_iteration: usize,
    /// `target.fit = "parts"`: the same of the market's part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<TreeCount>,
    /// Rows trained on.
    pub train_rows: usize,
    /// Rows that decided early stopping.
    pub validation_rows: usize,
    /// Seconds of binning and boosting.
    pub train_secs: f64,
    /// Standard deviation of each coin's targets in the training rows; a coin without any is not
    /// forecast.
    pub target_std: BTreeMap<String, Option<f32>>,
    /// What the features were like in each coin's training rows.
    #[serde(default)]
    pub features: BTreeMap<String, FeatureStats>,
    /// Pooled Pearson of the fold's scored rows.
    pub scored_pearson: Option<f64>,
    /// What the trees were trained on and with; None in runs of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// SHA-256 of the trees' files, by name; nothing in runs of older versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sha256: BTreeMap<String, String>,
    /// The level that each class stands for, where the trees forecast classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassLevels>,
}

/// How many trees a part has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeCount {
    /// Trees that were grown.
    pub rounds: usize,
    /// Trees that are kept.
    pub best_iteration: usize,
}

impl FoldRecord {
    /// The number of trees that are kept, for people: `31`, or `31+12` with the market's.
    pub(crate) fn trees(&self) -> String {
        let market = self.market.map_or(String::new(), |market| {
            format!("+{}", market.best_iteration)
        });
        format!("{}{market}", self.best_iteration)
    }

    /// Reads a fold's record; None where the fold has none.
    ///
    /// # Errors
    /// A file that is something else.
    pub fn read(folder: &Path, kind: TreeKind) -> anyhow::Result<Option<Self>> {
        let path = folder.join(kind.record_file());
        if !path.exists() {
            return Ok(None);
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let record: Self = serde_json::from_str(&text)
            .with_context(|| format!("{}: not a fold's record", path.display()))?;
        let is_wrong = |std: &f32| !(std.is_finite() && *std > 0.0);
        if let Some((coin, Some(std))) = record
            .target_std
            .iter()
            .find(|(_, std)| std.as_ref().is_some_and(is_wrong))
        {
            return Err(anyhow!(
                "{}: target_std of {coin} is {std}, expected a number above 0",
                path.display()
            )
            .hint(format!(
                "put back the run's own {}, or train again",
                kind.record_file()
            )));
        }
        Ok(Some(record))
    }

    /// Writes the record of a fold into its folder.
    pub(crate) fn write(&self, folder: &Path, kind: TreeKind) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("a record is JSON")?;
        Ok(write_atomically(
            &folder.join(kind.record_file()),
            text.as_bytes(),
        )?)
    }

    pub(crate) fn target_std_of(&self, symbols: &[Symbol]) -> Vec<Option<f32>> {
        symbols
            .iter()
            .map(|symbol| self.target_std.get(symbol.as_str()).copied().flatten())
            .collect()
    }
}

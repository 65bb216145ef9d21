//! `ensemble.json`: the weights of every fold.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use cli::WithHint;
use serde::{Deserialize, Serialize};
use storage::{content_hash, write_atomically};

use crate::{FoldWeights, Method};

/// The weights of a run with how they came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedWeights {
    /// How they came about.
    pub method: Method,
    /// The members' runs, as seen from this run's folder, in the order of the weights.
    pub members: Vec<String>,
    /// The control of the target that is a member too, with the last of the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The folds' weights, in order of time.
    pub folds: Vec<FoldWeights>,
}

impl SavedWeights {
    /// The file in a run's folder.
    pub const FILE: &str = "ensemble.json";

    /// Writes the file and reads it back, so that what is scored is what a live forecast knows.
    ///
    /// # Errors
    /// What the system says.
    pub fn publish(&self, run: &Path) -> anyhow::Result<Self> {
        let text = serde_json::to_string_pretty(self).context("weights are JSON")? + "\n";
        write_atomically(&run.join(Self::FILE), text.as_bytes())?;
        Ok(Self::read(run)?.0)
    }

    /// Reads the file of a run, and its SHA-256.
    ///
    /// # Errors
    /// A file that is not there or holds no weights of the members that it names.
    pub fn read(run: &Path) -> anyhow::Result<(Self, String)> {
        let path = run.join(Self::FILE);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .hint("`quarterhour ensemble` makes the run anew")?;
        let saved: Self = serde_json::from_str(&text)
            .with_context(|| format!("{}: not the weights of an ensemble", path.display()))
            .hint("`quarterhour ensemble` makes the run anew")?;
        let members = saved.members.len() + usize::from(saved.rule.is_some());
        let fits = |fold: &FoldWeights| {
            fold.weights.market.len() == members && fold.weights.own.len() == members
        };
        if let Some(fold) = saved.folds.iter().find(|fold| !fits(fold)) {
            return Err(anyhow!(
                "{}: fold {} has {} and {} weights, expected one a member, which are {members}",
                path.display(),
                fold.fold,
                fold.weights.market.len(),
                fold.weights.own.len()
            )
            .hint("`quarterhour ensemble` makes the run anew"));
        }
        Ok((saved, content_hash(text.as_bytes())))
    }

    /// What the weights are of: the names of the members' folders, and the rule's.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |member: &String| {
            let name = Path::new(member).file_name();
            name.map_or_else(
                || member.clone(),
                |name| name.to_string_lossy().into_owned(),
            )
        };
        let members = self.members.iter().map(name);
        members.chain(self.rule.clone()).collect()
    }

    /// The weights of a fold, or of the last one.
    ///
    /// # Errors
    /// A fold that is not there; `run` is named.
    pub fn fold(&self, fold: Option<usize>, run: &Path) -> anyhow::Result<&FoldWeights> {
        let found = match fold {
            None => self.folds.last(),
            Some(number) => self.folds.iter().find(|fold| fold.fold as usize == number),
        };
        found
            .with_context(|| {
                let folds: Vec<String> = self
                    .folds
                    .iter()
                    .map(|fold| fold.fold.to_string())
                    .collect();
                let asked = fold.map_or("any fold".to_owned(), |fold| format!("fold {fold}"));
                format!(
                    "{} has no weights of {asked}, expected one of {}",
                    run.display(),
                    folds.join(" ")
                )
            })
            .hint("--fold takes one of these")
    }
}

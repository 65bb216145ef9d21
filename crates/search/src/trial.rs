//! One trial: fitted fold by fold, scored after each, and perhaps ended early.

use std::sync::atomic::Ordering;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{ForecastTable, RunDir};
use run::FitProcess;
use storage::content_hash;

use crate::folds::piece_table;
use crate::judge::Comparison;
use crate::settings::Search;

/// The run of the config as it is.
const BASE: &str = "base";

/// How a trial ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Complete(f64),
    Pruned,
    Failed(String),
    Interrupted,
}

impl Search<'_> {
    /// The run of the config as it is.
    pub fn base(&self) -> RunDir {
        RunDir::new(self.dir.join(BASE))
    }

    /// The run of some overrides: equal ones share it, so that what a killed search has finished is
    /// used.
    pub fn run_of(&self, overrides: &[String]) -> RunDir {
        let hash = content_hash(overrides.join("\n").as_bytes());
        let name: String = hash.chars().take(12).collect();
        RunDir::new(self.dir.join("trials").join(name))
    }

    /// Fits the config as it is on the folds that trials are chosen on.
    ///
    /// # Errors
    /// What the fitting process says.
    pub fn fit_base(&self) -> anyhow::Result<()> {
        let base = self.base();
        for &fold in &self.folds {
            self.fit(&base, &[], Some(fold))?;
        }
        Ok(())
    }

    /// Fits all folds of the config as it is, or of a trial, and joins them.
    ///
    /// # Errors
    /// What the fitting process says.
    pub fn fit_whole(&self, run: &RunDir, overrides: &[String]) -> anyhow::Result<()> {
        self.fit(run, overrides, None)
    }

    /// Fits one fold, or without one all of them, in a process of its own.
    fn fit(&self, run: &RunDir, overrides: &[String], fold: Option<usize>) -> anyhow::Result<()> {
        let process = FitProcess {
            command: self.command,
            config: &self.config_path(),
            overrides,
            run: run.path(),
        };
        match fold {
            Some(fold) => process.fold(fold, &self.interrupted),
            None => process.whole(&self.interrupted),
        }
    }

    /// Fits and scores a trial fold by fold. `is_pruned` is told of the value after a fold, and says
    /// whether to end.
    pub fn evaluate(
        &self,
        overrides: &[String],
        is_pruned: impl FnMut(usize, f64) -> anyhow::Result<bool>,
    ) -> Outcome {
        match self.evaluated(overrides, is_pruned) {
            Ok(outcome) => outcome,
            Err(_) if self.interrupted.load(Ordering::Relaxed) => Outcome::Interrupted,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }

    fn evaluated(
        &self,
        overrides: &[String],
        mut is_pruned: impl FnMut(usize, f64) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Outcome> {
        let run = self.run_of(overrides);
        let mut value = None;
        for (place, &fold) in self.folds.iter().enumerate() {
            self.fit(&run, overrides, Some(fold))?;
            if place + 1 < self.measure.first_scored() {
                continue;
            }
            let done = &self.folds[..=place];
            value = self.comparison(&run, done)?.value();
            let Some(value) = value else { continue };
            if is_pruned(fold, value)? && place + 1 < self.folds.len() {
                return Ok(Outcome::Pruned);
            }
        }
        let value = value.ok_or_else(|| {
            anyhow!("no day has a score").hint("a score of a day needs three coins at least")
        })?;
        Ok(Outcome::Complete(value))
    }

    /// A trial beside the config as it is, on some of the folds that trials are chosen on.
    ///
    /// # Errors
    /// Pieces that are not there, tables without common rows.
    pub fn comparison(&self, run: &RunDir, folds: &[usize]) -> anyhow::Result<Comparison> {
        let table = |run: &RunDir| -> anyhow::Result<ForecastTable> { piece_table(run, folds) };
        Comparison::of_pieces(&table(&self.base())?, &table(run)?)
    }
}

//! A search: its settings, checked.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use run::FitCommand;

use crate::judge::Measure;
use crate::space::Space;

/// The config that trials override, in the folder of the search.
pub(crate) const CONFIG_FILE: &str = "config.toml";

/// A search: its settings, checked.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    /// Its folder.
    pub dir: PathBuf,
    /// The config that trials override, as TOML.
    pub config: String,
    pub space: &'a Space,
    pub command: FitCommand,
    pub measure: Measure,
    /// The folds that trials are chosen on.
    pub folds: Vec<usize>,
    /// The others.
    pub held_back: Vec<usize>,
    /// Trials that the study has in the end.
    pub trials: usize,
    /// Number of trials that are scored on the folds held back.
    pub best: usize,
    /// Trials at a time.
    pub workers: usize,
    /// URL of Optuna's storage; None: SQLite in the folder.
    pub storage: Option<String>,
    pub python: PathBuf,
    pub seed: u64,
    pub interrupted: Arc<AtomicBool>,
}

impl Search<'_> {
    /// The config file that trials override.
    pub fn config_path(&self) -> PathBuf {
        self.dir.join(CONFIG_FILE)
    }

    /// Its name, which is that of the study in Optuna's storage: that of the folder.
    pub fn name(&self) -> String {
        let name = self.dir.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// What it was begun with beside the config, as JSON.
    ///
    /// # Errors
    /// None that a space can have.
    pub fn settings(&self) -> anyhow::Result<String> {
        let settings = serde_json::json!({
            "command": self.command.name(),
            "search_folds": self.folds,
            "held_back_folds": self.held_back,
            "measure": self.measure,
            "space": self.space.ranges,
            "fixed": self.space.fixed,
        });
        Ok(serde_json::to_string_pretty(&settings)? + "\n")
    }
}

//! A run on disk: `run.toml`, pieces by fold and seed, and what they are joined to.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cli::ConfigTable;
use dataset::write_atomically;

use crate::config::TrainConfig;

/// The whole resolved config of a run.
pub const RUN_FILE: &str = "run.toml";
/// The statistics of a fold, or of the last fold for the run.
pub const STATS_FILE: &str = "stats.json";
/// The forecasts of a piece, or all of a run.
pub const FORECASTS_FILE: &str = "forecasts.parquet";

/// The folder of a run.
#[derive(Debug, Clone)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// The run in `path`; nothing is created yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name: that of its folder.
    pub fn name(&self) -> String {
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        path.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// The config that the run began with, if it has begun.
    ///
    /// # Errors
    /// A run.toml that is broken.
    pub fn config(&self) -> anyhow::Result<Option<ConfigTable>> {
        let path = self.path.join(RUN_FILE);
        if path.exists() { ConfigTable::read(&path).map(Some) } else { Ok(None) }
    }

    /// Writes run.toml before the first step, or compares it with what is there.
    ///
    /// # Errors
    /// A run that was begun with another config.
    pub fn begin(&self, config: &TrainConfig) -> anyhow::Result<()> {
        let path = self.path.join(RUN_FILE);
        let text = config.to_toml()?;
        match self.config()? {
            None => {
                let loose = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("fold-");
                let pieces = fs::read_dir(&self.path).map(|entries| entries.flatten().any(|entry| loose(&entry)));
                if pieces.unwrap_or(false) {
                    bail!("{} has folds but no {RUN_FILE}\nhint: --run OTHER starts elsewhere", self.path.display());
                }
                Ok(write_atomically(&path, text.as_bytes())?)
            }
            Some(stored) => {
                let stored = TrainConfig::new(&stored)?.to_toml()?;
                let changed = stored.lines().zip(text.lines()).find(|(old, new)| old != new);
                match changed {
                    None if stored == text => Ok(()),
                    changed => {
                        let (old, new) = changed.unwrap_or(("fewer lines", "more lines"));
                        bail!(
                            "{} was begun with another config: it has `{old}`, this is `{new}`\n\
                             hint: --run OTHER starts elsewhere; --resume without --config takes the run's own config",
                            self.path.display()
                        )
                    }
                }
            }
        }
    }

    /// The folder of a fold.
    pub fn fold(&self, fold: usize) -> PathBuf {
        self.path.join(format!("fold-{fold}"))
    }

    /// The folder of one fold and seed.
    pub fn piece(&self, fold: usize, seed: u64) -> PathBuf {
        self.fold(fold).join(format!("seed-{seed}"))
    }

    /// The run's forecasts.
    pub fn forecasts(&self) -> PathBuf {
        self.path.join(FORECASTS_FILE)
    }

    /// Where released models are: the first seed's is `model.safetensors`.
    pub fn model(&self, seed: u64) -> PathBuf {
        self.path.join(if seed == 1 {
            "model.safetensors".to_owned()
        } else {
            format!("model-seed-{seed}.safetensors")
        })
    }

    /// Copies a file within the run, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy(&self, from: &Path, to: &Path) -> anyhow::Result<()> {
        let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        Ok(write_atomically(to, &bytes)?)
    }

    /// `stats/<run>.json`, beside the folder `checkpoints` that the run is in; None for a run elsewhere.
    pub fn published_stats(&self) -> Option<PathBuf> {
        let checkpoints = self.path.parent()?;
        let is_checkpoints = checkpoints.file_name().is_some_and(|name| name == "checkpoints");
        let root = checkpoints.parent()?;
        is_checkpoints.then(|| root.join("stats").join(format!("{}.json", self.name())))
    }
}

//! A run on disk: `run.toml`, folders of folds, and what they are joined to.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Fold, write_atomically};

/// The folder of a run.
#[derive(Debug, Clone)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// The whole resolved config of a run.
    pub const CONFIG_FILE: &str = "run.toml";
    /// The statistics of a fold, or of the last fold for the run.
    pub const STATS_FILE: &str = "stats.json";
    /// The forecasts of a fold or piece of it, or all of a run.
    pub const FORECASTS_FILE: &str = "forecasts.parquet";

    /// Whether `path` is one of the files that a run consists of; its reports and pictures, which
    /// are made again at any time, are not.
    pub(crate) fn owns(path: &Path) -> bool {
        let is_report = path
            .extension()
            .is_some_and(|extension| extension == "html" || extension == "svg");
        let is_run = path
            .parent()
            .is_some_and(|folder| folder.join(Self::CONFIG_FILE).exists());
        let is_copied = path.file_stem().is_some_and(|name| {
            [
                "forecasts",
                "run",
                "stats",
                "model",
                "importance",
                "shap",
                "folds",
                "ledger",
                "thresholds",
            ]
            .iter()
            .any(|own| name == *own)
        });
        is_run && is_copied && !is_report
    }

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
        let path = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.clone());
        path.file_name().map_or_else(
            || "run".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// The file with the config that the run began with.
    pub fn config(&self) -> PathBuf {
        self.path.join(Self::CONFIG_FILE)
    }

    /// The folder of a fold.
    pub fn fold(&self, fold: usize) -> PathBuf {
        self.path.join(format!("fold-{fold}"))
    }

    /// The folder of a fold, or of one of its refits.
    pub fn fit(&self, fold: &Fold) -> PathBuf {
        self.path.join(fold.dir())
    }

    /// The run's forecasts.
    pub fn forecasts(&self) -> PathBuf {
        self.path.join(Self::FORECASTS_FILE)
    }

    /// The run's own report.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// Writes run.toml before the first step, or compares `resolved`, the whole config, with
    /// `stored`, that of the run.toml that is there, resolved by the same code.
    ///
    /// # Errors
    /// A run that was begun with another config; folds of a run without its config.
    pub fn begin(&self, resolved: &str, stored: Option<&str>) -> Result<(), Error> {
        match stored {
            None => {
                let is_fold =
                    |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("fold-");
                let entries = fs::read_dir(&self.path);
                if entries.is_ok_and(|entries| entries.flatten().any(|entry| is_fold(&entry))) {
                    let reason = format!(
                        "has folds but no {}\nhint: --run OTHER starts elsewhere",
                        Self::CONFIG_FILE
                    );
                    return Err(Error::file(&self.path, reason));
                }
                write_atomically(&self.config(), resolved.as_bytes())
            }
            Some(stored) if stored == resolved => Ok(()),
            Some(stored) => {
                let changed = stored
                    .lines()
                    .zip(resolved.lines())
                    .find(|(old, new)| old != new);
                let (old, new) = changed.unwrap_or(("fewer lines", "more lines"));
                let config = cli::quoted(self.config().display());
                let reason = format!(
                    "was begun with another config: it has `{old}`, this is `{new}`\n\
                     hint: --run OTHER starts elsewhere; --config {config} goes on with the run's own"
                );
                Err(Error::file(&self.path, reason))
            }
        }
    }

    /// Copies a file within the run, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<(), Error> {
        let bytes = fs::read(from).map_err(Error::io(from))?;
        write_atomically(to, &bytes)
    }

    /// `stats/<run>.json`, beside the folder `checkpoints` that the run is in; None for a run
    /// elsewhere.
    pub fn published_stats(&self) -> Option<PathBuf> {
        let checkpoints = self.path.parent()?;
        let is_checkpoints = checkpoints
            .file_name()
            .is_some_and(|name| name == "checkpoints");
        let root = checkpoints.parent()?;
        is_checkpoints.then(|| root.join("stats").join(format!("{}.json", self.name())))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_goes_on_is_quoted_for_a_shell() {
        let run = RunDir::new(PathBuf::from("my run's (1)"));
        let error = run
            .begin("seed = 2", Some("seed = 1"))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "my run's (1): was begun with another config: it has `seed = 1`, this is `seed = 2`\n\
             hint: --run OTHER starts elsewhere; --config 'my run'\\''s (1)/run.toml' goes on with the run's own"
        );
    }
}

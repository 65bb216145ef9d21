//! A run on disk: `run.toml`, folders of folds, and what they are joined to.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use storage::write_atomically;

use crate::{Error, Fold, TimeSpan};

/// What the folder of a run of one horizon begins with.
const HORIZON: &str = "horizon-";

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
                "intervals",
                "publication",
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

    /// The run of one horizon alone, where every horizon has a model of its own: a folder in this
    /// one's.
    pub fn horizon(&self, horizon: TimeSpan) -> Self {
        Self::new(self.path.join(format!("{HORIZON}{horizon}")))
    }

    /// The run's name: that of its folder; of a run of one horizon with that of the folder before.
    pub fn name(&self) -> String {
        let path = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.clone());
        let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
        let own = name(&path).unwrap_or_else(|| "run".to_owned());
        let before = path.parent().and_then(name);
        match before.filter(|_| own.starts_with(HORIZON)) {
            Some(before) => format!("{before}-{own}"),
            None => own,
        }
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

    /// The run's own report, or that of one of several horizons.
    pub fn report_of(&self, horizon: Option<TimeSpan>) -> PathBuf {
        match horizon {
            None => self.report(),
            Some(horizon) => self.path.join(format!("report-{horizon}.html")),
        }
    }

    /// Writes run.toml before the first step, or compares `resolved`, the whole config, with
    /// `stored`, that of the run.toml that is there, resolved by the same code. Of processes that begin a
    /// run at the same moment one writes it, and the others compare.
    ///
    /// # Errors
    /// A run that was begun with another config; folds of a run without its config.
    pub fn begin(&self, resolved: &str, stored: Option<&str>) -> Result<(), Error> {
        match stored {
            None => match self.create_config(resolved)? {
                Created::Here => Ok(()),
                Created::Elsewhere(stored) => self.begin(resolved, Some(&stored)),
            },
            Some(stored) if stored == resolved => Ok(()),
            Some(stored) => {
                let changed = stored
                    .lines()
                    .zip(resolved.lines())
                    .find(|(old, new)| old != new);
                let (old, new) = changed.unwrap_or(("fewer lines", "more lines"));
                let config = cli::quoted(self.config().display());
                let reason =
                    format!("was begun with another config: it has `{old}`, this is `{new}`");
                let hint = format!(
                    "--run OTHER starts elsewhere; --config {config} goes on with the run's own"
                );
                Err(Error::refused(&self.path, reason, &hint))
            }
        }
    }

    /// Writes run.toml unless another process has written it in the meantime.
    fn create_config(&self, resolved: &str) -> Result<Created, Error> {
        let path = self.config();
        let written = || match fs::read_to_string(&path) {
            Ok(stored) => Ok(Some(Created::Elsewhere(stored))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&path)(error)),
        };
        let is_fold =
            |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("fold-");
        let entries = fs::read_dir(&self.path);
        let has_folds = entries.is_ok_and(|entries| entries.flatten().any(|entry| is_fold(&entry)));
        // The config is there before the first fold: who sees a fold looks for it once more.
        if let Some(elsewhere) = written()? {
            return Ok(elsewhere);
        }
        if has_folds {
            let reason = format!("has folds but no {}", Self::CONFIG_FILE);
            let hint = "--run OTHER starts elsewhere";
            return Err(Error::refused(&self.path, reason, hint));
        }
        // Whole under another name first, which then becomes its own if nobody has it.
        fs::create_dir_all(&self.path).map_err(Error::io(&self.path))?;
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let draft = builder.tempfile_in(&self.path).and_then(|mut draft| {
            draft.write_all(resolved.as_bytes())?;
            draft.as_file().sync_all()?;
            Ok(draft)
        });
        match draft.map_err(Error::io(&path))?.persist_noclobber(&path) {
            Ok(_) => {
                let synced = fs::File::open(&self.path).and_then(|folder| folder.sync_all());
                synced.map_err(Error::io(&self.path))?;
                Ok(Created::Here)
            }
            Err(failed) => {
                let elsewhere = match failed.error.kind() {
                    ErrorKind::AlreadyExists => written()?,
                    _ => None,
                };
                elsewhere.ok_or_else(|| Error::io(&path)(failed.error))
            }
        }
    }

    /// `did you mean ...?` with the run beside `path`, or in checkpoints/, whose name is most like
    /// the folder's; None where none is alike.
    pub fn did_you_mean(path: &Path) -> Option<String> {
        let runs: Vec<PathBuf> = [path.parent()?, Path::new("checkpoints")]
            .iter()
            .flat_map(|folder| match folder.as_os_str().is_empty() {
                true => fs::read_dir("."),
                false => fs::read_dir(folder),
            })
            .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
            .filter(|folder| folder.join(Self::CONFIG_FILE).exists())
            .collect();
        let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
        let names: Vec<String> = runs.iter().filter_map(|run| name(run)).collect();
        let meant = cli::most_alike(&name(path)?, &names)?;
        let run = runs.iter().find(|run| name(run).as_ref() == Some(meant))?;
        let run = run.strip_prefix(".").unwrap_or(run);
        Some(format!("did you mean `{}`?", cli::quoted(run.display())))
    }

    /// Copies a file within the run, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<(), Error> {
        let bytes = fs::read(from).map_err(Error::io(from))?;
        Ok(write_atomically(to, &bytes)?)
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

/// Who wrote a run's config.
enum Created {
    /// This process.
    Here,
    /// Another one, with this content.
    Elsewhere(String),
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_runs_name_is_answered_with_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("panel20");
        fs::create_dir(&run).unwrap();
        let slip = dir.path().join("panel2O");
        assert_eq!(RunDir::did_you_mean(&slip), None, "no run yet");
        fs::write(run.join(RunDir::CONFIG_FILE), "").unwrap();
        let meant = format!("did you mean `{}`?", run.display());
        assert_eq!(RunDir::did_you_mean(&slip), Some(meant));
        assert_eq!(RunDir::did_you_mean(&dir.path().join("xyz")), None);
    }

    /// Each of them had looked for run.toml, and found none, before the first wrote it.
    #[test]
    fn processes_that_begin_a_run_at_the_same_moment_share_its_config() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..50 {
            let run = RunDir::new(dir.path().join(format!("run-{number}")));
            let begin = |seed: usize| {
                let begun = run.begin(&format!("seed = {seed}"), None);
                // Whoever has begun it makes folds.
                begun.inspect(|()| fs::create_dir_all(run.fold(seed)).unwrap())
            };
            let same: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| begin(1))).collect();
                threads.into_iter().map(|it| it.join().unwrap()).collect()
            });
            assert!(same.iter().all(Result::is_ok), "{same:?}");
            // Another config is told so, and overwrites nothing.
            let error = begin(2).unwrap_err().to_string();
            assert!(error.contains("was begun with another config"), "{error}");
            assert_eq!(fs::read_to_string(run.config()).unwrap(), "seed = 1");
            let names = fs::read_dir(run.path()).unwrap().flatten();
            assert_eq!(names.count(), 2, "run.toml and a fold");
        }
        let orphan = RunDir::new(dir.path().join("orphan"));
        fs::create_dir_all(orphan.fold(1)).unwrap();
        let error = orphan.begin("seed = 1", None).unwrap_err().to_string();
        assert!(error.contains("has folds but no run.toml"), "{error}");
    }

    #[test]
    fn the_command_that_goes_on_is_quoted_for_a_shell() {
        let run = RunDir::new(PathBuf::from("my run's (1)"));
        let error = run.begin("seed = 2", Some("seed = 1")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "my run's (1): was begun with another config: it has `seed = 1`, this is `seed = 2`"
        );
        let hint = "--run OTHER starts elsewhere; --config 'my run'\\''s (1)/run.toml' goes on with the run's own";
        assert_eq!(error.hint().as_deref(), Some(hint));
    }
}

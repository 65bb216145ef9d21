//! Fits of a run by a process of their own: what ends abnormally there ends nothing here, and many
//! can go on at a time.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, anyhow};
use cli::WithHint;
use serde::{Deserialize, Serialize};

use crate::fit::BEING_TRAINED;

/// What the last fitting process said that succeeded, in the folder of its run.
const LOG_FILE: &str = "fit.log";

/// Pause between two looks at a process.
const NAP: Duration = Duration::from_millis(50);

/// Pause before a piece is asked for again that another process fits.
const PAUSE: Duration = Duration::from_secs(1);

/// A subcommand that fits a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FitCommand {
    /// The network
    Train,
    /// LightGBM or XGBoost
    Baseline,
    /// The ridge regression
    Ridge,
    /// A classical model of volatility
    Volatility,
}

impl FitCommand {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Train, Self::Baseline, Self::Ridge, Self::Volatility];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Baseline => "baseline",
            Self::Ridge => "ridge",
            Self::Volatility => "volatility",
        }
    }

    /// The sections of a config that are its own.
    pub fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Train => &["network", "optimizer", "training"],
            Self::Baseline => &["baseline", "lightgbm", "xgboost"],
            Self::Ridge => &["ridge"],
            Self::Volatility => &["volatility"],
        }
    }

    /// How it is told to fit one fold.
    fn fold_flag(self) -> &'static str {
        match self {
            Self::Baseline => "--fold",
            Self::Train | Self::Ridge | Self::Volatility => "--folds",
        }
    }
}

/// Fits pieces of a run as `quarterhour COMMAND --config FILE --set ... --run DIR` does. Pieces that are
/// finished are left as they are.
#[derive(Debug, Clone, Copy)]
pub struct FitProcess<'a> {
    /// What fits.
    pub command: FitCommand,
    /// The config file.
    pub config: &'a Path,
    /// Overrides of its keys, as `key=value`.
    pub overrides: &'a [String],
    /// The folder of the run.
    pub run: &'a Path,
}

impl FitProcess<'_> {
    /// Fits one fold, or waits until another process has.
    ///
    /// # Errors
    /// The error that the process ended with, an interrupt.
    pub fn fold(&self, fold: usize, interrupted: &AtomicBool) -> anyhow::Result<()> {
        let flag = [self.command.fold_flag().to_owned(), fold.to_string()];
        self.fit(&flag, interrupted)
    }

    /// Fits all folds, scores them and joins them to a run.
    ///
    /// # Errors
    /// As [`FitProcess::fold`].
    pub fn whole(&self, interrupted: &AtomicBool) -> anyhow::Result<()> {
        self.fit(&[], interrupted)
    }

    fn fit(&self, more: &[String], interrupted: &AtomicBool) -> anyhow::Result<()> {
        while self.fit_once(more, interrupted)? == Fitted::Elsewhere {
            sleep(PAUSE);
        }
        Ok(())
    }

    fn fit_once(&self, more: &[String], interrupted: &AtomicBool) -> anyhow::Result<Fitted> {
        fs::create_dir_all(self.run)
            .with_context(|| format!("cannot make {}", self.run.display()))?;
        let (file, log) = own_log(self.run)?;
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        let mut command = Command::new(program);
        command.arg(self.command.name());
        command.arg("--config").arg(self.config);
        command.arg("--run").arg(self.run);
        for text in self.overrides {
            command.arg("--set").arg(text);
        }
        // Whoever asked for the fits logs them as a whole.
        command.args(more).env_remove("MLFLOW_TRACKING_URI");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let child = command
            .spawn()
            .context("cannot start a process that fits")?;
        let status = waited_for(child, interrupted).inspect_err(|_| {
            let _ = fs::remove_file(&log);
        })?;
        let said = fs::read(&log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        if !status.success() {
            return Err(self.error(status, &said, &log));
        }
        let _ = fs::rename(&log, self.run.join(LOG_FILE));
        Ok(match said.contains(BEING_TRAINED) {
            true => Fitted::Elsewhere,
            false => Fitted::Here,
        })
    }

    /// The error of a process, with its own hint.
    fn error(&self, status: ExitStatus, said: &str, log: &Path) -> anyhow::Error {
        let of = |mark: &str| {
            let mut lines = said.lines().rev();
            let found = lines.find_map(|line| line.strip_prefix(mark)?.strip_prefix(": "));
            found.map(str::to_owned)
        };
        let last = || {
            said.lines()
                .next_back()
                .unwrap_or("it said nothing")
                .to_owned()
        };
        let reason = of("error").unwrap_or_else(|| format!("{status}: {}", last()));
        let error = anyhow!("`quarterhour {}`: {reason}", self.command.name());
        let log = || format!("{} has all that it said", log.display());
        let error = error.hint(of("hint").unwrap_or_else(log));
        match status.code() {
            Some(2) => cli::usage(error),
            _ => error,
        }
    }
}

/// Who fitted what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fitted {
    Here,
    /// Some of it is being fitted by another process.
    Elsewhere,
}

/// A log that no other process writes, `fit-N.log` with the first number that is free: processes that
/// fit other pieces of a run share its folder.
fn own_log(run: &Path) -> anyhow::Result<(File, PathBuf)> {
    let mut number = 1;
    loop {
        let path = run.join(format!("fit-{number}.log"));
        match File::create_new(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot write {}", path.display()));
            }
        }
    }
}

/// Waits for a process; an interrupt ends it. What it has not finished it begins anew another time.
fn waited_for(mut child: Child, interrupted: &AtomicBool) -> anyhow::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a process")? {
            return Ok(status);
        }
        if interrupted.load(Ordering::Relaxed) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(anyhow!("interrupted").hint("the same command goes on from here"));
        }
        sleep(NAP);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn processes_that_share_a_run_write_logs_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let (mut first, first_path) = own_log(dir.path()).unwrap();
        first.write_all(b"fold 1").unwrap();
        let (_, second_path) = own_log(dir.path()).unwrap();
        assert_ne!(first_path, second_path);
        assert_eq!(fs::read(first_path).unwrap(), b"fold 1");
    }
}

//! Optuna, in a Python process of its own: `worker.py`, one JSON object a line both ways.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, anyhow};
use cli::WithHint;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::space::Range;

/// The program that Python runs.
const SCRIPT: &str = include_str!("worker.py");

/// What Optuna is told of the study.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settings<'a> {
    /// URL of its storage.
    pub storage: &'a str,
    /// The study's name in it.
    pub study: &'a str,
    /// `maximize` or `minimize`.
    pub direction: &'a str,
    /// Number of trials at which the study is done.
    pub trials: usize,
    /// Seed of the sampler.
    pub seed: u64,
    /// The last fold before which no trial is pruned.
    pub warm_up: usize,
    /// What the study was begun with, as a hash.
    pub settings: &'a str,
    /// Keys with their ranges.
    pub space: &'a BTreeMap<String, Range>,
    /// Whether its trials are listed instead of run.
    pub list: bool,
}

/// A trial that Optuna asks for.
#[derive(Debug, Clone)]
pub(crate) struct AskedTrial {
    /// Its number in the study, from 0.
    pub number: u64,
    /// Keys with their values.
    pub values: Map<String, serde_json::Value>,
}

/// What became of a trial.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "told", rename_all = "lowercase")]
pub(crate) enum Told<'a> {
    /// The value after a fold.
    Score { fold: usize, value: f64 },
    /// It was not worth going on with.
    Pruned,
    /// Its value over all folds.
    Value { value: f64 },
    /// It came to nothing.
    Failed { error: &'a str },
    /// It is to be run again.
    Interrupted,
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TrialState {
    /// All folds were scored.
    Complete,
    /// It was ended early, as it was below the median of earlier trials.
    Pruned,
    /// It could not be fitted or scored.
    Failed,
}

/// A trial that has ended, as Optuna keeps it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PastTrial {
    pub number: u64,
    pub state: TrialState,
    pub values: Map<String, serde_json::Value>,
    /// Of a trial that is complete.
    pub value: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "said", rename_all = "lowercase")]
enum Said {
    Trial {
        number: u64,
        values: Map<String, serde_json::Value>,
    },
    Prune {
        prune: bool,
    },
    Done {
        running: usize,
    },
    Trials {
        running: usize,
        trials: Vec<PastTrial>,
    },
    Error {
        message: String,
        hint: String,
    },
}

/// The process. When it or this one ends, the other learns of it by its end of the pipe.
#[derive(Debug)]
pub(crate) struct Optuna {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Optuna {
    /// Starts Python.
    ///
    /// # Errors
    /// A Python that is not there.
    pub fn start(python: &Path, settings: &Settings<'_>) -> anyhow::Result<Self> {
        let mut command = Command::new(python);
        command
            .arg("-c")
            .arg(SCRIPT)
            .arg(serde_json::to_string(settings)?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = command.spawn().map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::NotFound => {
                    "install Python 3.10 or later with `pip install optuna`; --python FILE or \
                     QUARTERHOUR_PYTHON says where it is"
                }
                _ => "--python FILE or QUARTERHOUR_PYTHON names another one",
            };
            anyhow!("cannot start Python as {}: {error}", python.display()).hint(hint)
        });
        let mut child = started?;
        let output = child.stdout.take().context("Python has an output")?;
        Ok(Self {
            input: child.stdin.take(),
            output: BufReader::new(output),
            child,
        })
    }

    /// The next trial; None with the number of trials that other workers still run, once there are
    /// enough.
    ///
    /// # Errors
    /// No Optuna, a storage that cannot be reached, a study of other settings.
    pub fn next(&mut self) -> anyhow::Result<Result<AskedTrial, usize>> {
        match self.hear()? {
            Said::Trial { number, values } => Ok(Ok(AskedTrial { number, values })),
            Said::Done { running } => Ok(Err(running)),
            other => Err(unexpected(&other)),
        }
    }

    /// Tells what became of the last trial.
    ///
    /// # Errors
    /// A process that has ended.
    pub fn tell(&mut self, told: &Told<'_>) -> anyhow::Result<()> {
        let line = serde_json::to_string(told)? + "\n";
        let Some(input) = &mut self.input else {
            return Err(anyhow!("Optuna's process takes nothing any more"));
        };
        let written = input
            .write_all(line.as_bytes())
            .and_then(|()| input.flush());
        written.context("Optuna's process has ended")
    }

    /// Tells a trial's value after a fold; returns whether it is to be pruned.
    ///
    /// # Errors
    /// As [`Optuna::tell`].
    pub fn is_pruned_after(&mut self, fold: usize, value: f64) -> anyhow::Result<bool> {
        self.tell(&Told::Score { fold, value })?;
        match self.hear()? {
            Said::Prune { prune } => Ok(prune),
            other => Err(unexpected(&other)),
        }
    }

    /// All trials that have ended, and the number of those that still run.
    ///
    /// # Errors
    /// As [`Optuna::next`].
    pub fn trials(mut self) -> anyhow::Result<(Vec<PastTrial>, usize)> {
        match self.hear()? {
            Said::Trials { running, trials } => Ok((trials, running)),
            other => Err(unexpected(&other)),
        }
    }

    fn hear(&mut self) -> anyhow::Result<Said> {
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .context("cannot read what Optuna says")?;
        if line.is_empty() {
            let status = self
                .child
                .wait()
                .context("cannot wait for Optuna's process")?;
            return Err(anyhow!("Optuna's process ended with {status}")
                .hint("what it said stands above; does `python3 -c 'import optuna'` work?"));
        }
        let said = serde_json::from_str(&line);
        match said.with_context(|| format!("Optuna's process said {:?}", line.trim_end()))? {
            Said::Error { message, hint } if hint.is_empty() => Err(anyhow!(message)),
            Said::Error { message, hint } => Err(anyhow!(message).hint(hint)),
            said => Ok(said),
        }
    }
}

impl Drop for Optuna {
    fn drop(&mut self) {
        // It ends by the end of its input.
        self.input = None;
        let _ = self.child.wait();
    }
}

fn unexpected(said: &Said) -> anyhow::Error {
    anyhow!("Optuna's process said {said:?}, expected an answer to what was asked")
}

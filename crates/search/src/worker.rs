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
    /// URL of the storage, which may have a password.
    storage: String,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Optuna {
    /// Starts Python and sends the settings as the first line: arguments are for all to see, and the
    /// storage's URL may have a password.
    ///
    /// # Errors
    /// A Python that is not there.
    pub fn start(python: &Path, settings: &Settings<'_>) -> anyhow::Result<Self> {
        let mut command = Command::new(python);
        command.arg("-c").arg(SCRIPT);
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
        let mut optuna = Self {
            storage: settings.storage.to_owned(),
            input: child.stdin.take(),
            output: BufReader::new(output),
            child,
        };
        // A process that has ended already is told of when it is first listened to.
        let _ = optuna.send(settings);
        Ok(optuna)
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
        self.send(told)
    }

    fn send(&mut self, message: &impl Serialize) -> anyhow::Result<()> {
        let line = serde_json::to_string(message)? + "\n";
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
            Said::Error { message, hint } => {
                let message = message.replace(&self.storage, &masked(&self.storage));
                let error = anyhow!(message);
                Err(match hint.is_empty() {
                    true => error,
                    false => error.hint(hint),
                })
            }
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

/// A URL as it may be printed: `***` in place of the password, before the host or as a parameter.
fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let login = rest.rsplit_once('@').and_then(|(login, host)| {
        let (user, _) = login.split_once(':')?;
        // A path may have both signs too.
        (!user.contains('/')).then(|| format!("{user}:***@{host}"))
    });
    let rest = login.unwrap_or_else(|| rest.to_owned());
    let parameter = |text: &str| match text.split_once("password=") {
        Some((before, _)) => format!("{before}password=***"),
        None => text.to_owned(),
    };
    let parameters: Vec<String> = rest.split('&').map(parameter).collect();
    format!("{scheme}://{}", parameters.join("&"))
}

fn unexpected(said: &Said) -> anyhow::Error {
    anyhow!("Optuna's process said {said:?}, expected an answer to what was asked")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_masked() {
        let of = |url| masked(url);
        assert_eq!(
            of("postgresql+psycopg://ada:a:b/c@d@host:5432/optuna"),
            "postgresql+psycopg://ada:***@host:5432/optuna"
        );
        assert_eq!(
            of("mysql://host/optuna?user=ada&password=secret&ssl=true"),
            "mysql://host/optuna?user=ada&password=***&ssl=true"
        );
        for plain in [
            "sqlite:////home/ada/a:b@c/study.sqlite",
            "mysql://ada@host/optuna",
            "x",
        ] {
            assert_eq!(of(plain), plain);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_is_neither_an_argument_nor_printed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let python = dir.path().join("python");
        let (arguments, line) = (dir.path().join("arguments"), dir.path().join("line"));
        // It says the URL that it was sent, as an error.
        let script = format!(
            "#!/bin/sh\necho \"$@\" > {}\nread -r line\necho \"$line\" > {}\n\
             echo '{{\"said\":\"error\",\"message\":\"mysql://ada:secret@host/optuna: gone\",\"hint\":\"\"}}'\n",
            arguments.display(),
            line.display()
        );
        std::fs::write(&python, script).unwrap();
        std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
        let settings = Settings {
            storage: "mysql://ada:secret@host/optuna",
            study: "study",
            direction: "maximize",
            trials: 1,
            seed: 1,
            warm_up: 1,
            settings: "",
            space: &BTreeMap::new(),
            list: false,
        };
        let error = Optuna::start(&python, &settings)
            .unwrap()
            .next()
            .unwrap_err();
        assert_eq!(error.to_string(), "mysql://ada:***@host/optuna: gone");
        let arguments = std::fs::read_to_string(arguments).unwrap();
        assert!(!arguments.contains("secret"), "{arguments}");
        let sent = std::fs::read_to_string(line).unwrap();
        assert!(
            sent.contains("\"storage\":\"mysql://ada:secret@host/optuna\""),
            "{sent}"
        );
    }
}

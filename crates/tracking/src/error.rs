//! What was not logged, and why.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Why MLflow does not hold the whole run; [`Error::hint`] is the way out. No text holds
/// credentials.
#[derive(Debug, Error)]
pub enum Error {
    /// Nothing was sent any more after this failure.
    #[error("tracking stopped: {cause}\nnot logged: {not_logged}")]
    Stopped {
        /// The failure.
        cause: Box<Cause>,
        /// What the server has not confirmed.
        not_logged: UnloggedCounts,
    },
    /// The run is logged and ended, but for some of it.
    #[error("tracking left something out: {first}\nnot logged: {not_logged}")]
    Partial {
        /// Why the first of what is missing is missing.
        first: Box<Cause>,
        /// What was left out.
        not_logged: UnloggedCounts,
    },
}

impl Error {
    /// The way out of the failure: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        let (Self::Stopped { cause, .. } | Self::Partial { first: cause, .. }) = self;
        Some(cause.hint())
    }
}

/// How much of a run MLflow does not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnloggedCounts {
    /// Parameters.
    pub params: usize,
    /// Values of metrics.
    pub metrics: usize,
    /// Tags.
    pub tags: usize,
    /// Artifacts.
    pub artifacts: usize,
    /// How the run ended: the server shows it as running.
    pub end: bool,
}

impl fmt::Display for UnloggedCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.params, "param"),
            (self.metrics, "metric"),
            (self.tags, "tag"),
            (self.artifacts, "artifact"),
        ];
        let mut parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
            .collect();
        if self.end {
            parts.push("how the run ended".to_owned());
        }
        match parts.is_empty() {
            true => formatter.write_str("nothing"),
            false => formatter.write_str(&parts.join(", ")),
        }
    }
}

/// One failure.
#[derive(Debug, Error)]
pub enum Cause {
    /// The tracking URI is no server's.
    #[error(
        "MLFLOW_TRACKING_URI is {found:?}: {reason}; expected a server's http:// or https:// address"
    )]
    Uri {
        /// The URI without credentials.
        found: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing could be sent from here.
    #[error("tracking could not start: {reason}")]
    Setup {
        /// Message of the system.
        reason: String,
    },
    /// No connection, or one that broke.
    #[error("MLflow at {server} did not answer {request}: {reason}")]
    Unreachable {
        /// The server's address.
        server: String,
        /// Request that failed.
        request: String,
        /// Message of the system.
        reason: String,
    },
    /// No answer in time.
    #[error("MLflow at {server} did not answer {request} within {timeout_secs} s")]
    Timeout {
        /// The server's address.
        server: String,
        /// Request that failed.
        request: String,
        /// Seconds that were waited.
        timeout_secs: u64,
    },
    /// The server answers, but not fast enough to take what waited when the run ended.
    #[error(
        "MLflow at {server} had not taken everything {patience_secs} s after the end of the run"
    )]
    Slow {
        /// The server's address.
        server: String,
        /// Seconds that were waited, uploads not counted.
        patience_secs: u64,
    },
    /// The server refuses.
    #[error("MLflow at {server} answered {request} with HTTP {status}, expected 200: {found}")]
    Status {
        /// The server's address.
        server: String,
        /// Request that failed.
        request: String,
        /// HTTP status.
        status: u16,
        /// Beginning of the answer.
        found: String,
    },
    /// An answer that is not MLflow's.
    #[error("MLflow at {server} answered {request} with {found}, expected {expected}")]
    Answer {
        /// The server's address.
        server: String,
        /// Request that failed.
        request: String,
        /// Answer that MLflow would give.
        expected: String,
        /// Beginning of the answer.
        found: String,
    },
    /// The experiment is in the server's trash, and so is its name.
    #[error(
        "experiment {experiment:?} is deleted at {server}, expected an active one or none of this name"
    )]
    ExperimentDeleted {
        /// The server's address.
        server: String,
        /// Its name.
        experiment: String,
        /// Its number.
        id: String,
    },
    /// The server keeps artifacts where it does not serve them.
    #[error(
        "MLflow at {server} keeps artifacts at {found:?}, expected mlflow-artifacts:, which it would serve"
    )]
    ArtifactsElsewhere {
        /// The server's address.
        server: String,
        /// The run's artifact URI without credentials.
        found: String,
    },
    /// An artifact that cannot be read.
    #[error("artifact {}: {reason}, expected a readable file", file.display())]
    ArtifactFile {
        /// The file.
        file: PathBuf,
        /// Message of the system.
        reason: String,
    },
    /// A parameter with a second value; MLflow keeps the first.
    #[error("parameter {key:?} is {found:?}, expected {logged:?} as it was logged before")]
    ParamChanged {
        /// Its name.
        key: String,
        /// The value MLflow has.
        logged: String,
        /// The value that came later.
        found: String,
    },
}

impl Cause {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> String {
        match self {
            Self::Uri { .. } => "mlflow server --backend-store-uri sqlite:///mlflow.db --port 5000, \
                                 then MLFLOW_TRACKING_URI=http://127.0.0.1:5000"
                .to_owned(),
            Self::Setup { .. } => "unset MLFLOW_TRACKING_URI to run without tracking".to_owned(),
            Self::Status { status: 401 | 403, .. } => {
                "set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD".to_owned()
            }
            Self::Unreachable { server, .. }
            | Self::Timeout { server, .. }
            | Self::Slow { server, .. }
            | Self::Status { server, .. }
            | Self::Answer { server, .. } => {
                format!(
                    "see the server's log and `curl -i {server}/health`; unset MLFLOW_TRACKING_URI to run without it"
                )
            }
            Self::ExperimentDeleted { id, .. } => {
                format!("mlflow experiments restore --experiment-id {id}, or \
                         MLFLOW_EXPERIMENT_NAME=another-name")
            }
            Self::ArtifactsElsewhere { .. } => "mlflow server --serve-artifacts --artifacts-destination FOLDER, \
                                                and an experiment made since: MLFLOW_EXPERIMENT_NAME=another-name"
                .to_owned(),
            Self::ArtifactFile { .. } => "the file must still be there when its turn to be sent comes".to_owned(),
            Self::ParamChanged { .. } => "log what changes during a run as a metric or a tag".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, Error, UnloggedCounts};

    #[test]
    fn the_text_says_what_is_missing_and_the_hint_what_to_do() {
        let error = Error::Stopped {
            cause: Box::new(Cause::Timeout {
                server: "http://h:1".to_owned(),
                request: "runs/log-batch".to_owned(),
                timeout_secs: 8,
            }),
            not_logged: UnloggedCounts {
                params: 1,
                metrics: 20,
                end: true,
                ..UnloggedCounts::default()
            },
        };
        assert_eq!(
            error.to_string(),
            "tracking stopped: MLflow at http://h:1 did not answer runs/log-batch within 8 s\n\
             not logged: 1 param, 20 metrics, how the run ended"
        );
        assert_eq!(
            error.hint().unwrap(),
            "see the server's log and `curl -i http://h:1/health`; \
             unset MLFLOW_TRACKING_URI to run without it"
        );
    }
}

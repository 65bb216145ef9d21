//! What a run calls. Nothing here waits but the end.

use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::message::{Message, RunEnd, now_ms};
use crate::worker::work;
use crate::{Cause, Error, TrackingSettings, UnloggedCounts};

/// Logs one run to an MLflow server, from a thread of its own.
///
/// Calls put what is to be logged into a queue and return. The first failure (no connection, no
/// answer in time, an HTTP error) ends the sending; what comes later is only counted, for the error
/// of [`Tracker::finish`]. Dropped without `finish`, the run ends as failed.
///
/// # Examples
///
/// ```no_run
/// use tracking::Tracker;
/// if let Some(tracker) = Tracker::from_env("quickstart", "run 1") {
///     tracker.params([("learning_rate".to_owned(), "0.001".to_owned())]);
///     tracker.metrics(1, &[("valid/loss", 0.98)]);
///     tracker.artifact("checkpoints/run-1/run.toml".as_ref(), "");
///     if let Err(error) = tracker.finish(true) {
///         eprintln!("warning: {error}");
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Tracker {
    /// `None` once the run has ended.
    worker: Option<Worker>,
}

#[derive(Debug)]
struct Worker {
    messages: Sender<Message>,
    ending: Arc<OnceLock<RunEnd>>,
    /// `None` where the system gave no thread.
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Tracker {
    /// A run on the server that `MLFLOW_TRACKING_URI` names; where it names none, `None`, and
    /// nothing happens at all.
    ///
    /// `MLFLOW_EXPERIMENT_NAME` goes before `experiment`. Credentials are those of MLflow's own
    /// client: `MLFLOW_TRACKING_USERNAME` with `MLFLOW_TRACKING_PASSWORD`, else
    /// `MLFLOW_TRACKING_TOKEN`.
    pub fn from_env(experiment: &str, run_name: &str) -> Option<Self> {
        let variable =
            |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        TrackingSettings::from_variables(variable, experiment, run_name).map(Self::start)
    }

    /// A run as `settings` say. Whatever is wrong with them, [`Tracker::finish`] tells.
    pub fn start(settings: TrackingSettings) -> Self {
        let (messages, received) = mpsc::channel();
        let ending = Arc::new(OnceLock::new());
        let seen = Arc::clone(&ending);
        let start_ms = now_ms();
        let thread = thread::Builder::new().name("mlflow".to_owned());
        let thread = thread
            .spawn(move || work(&settings, start_ms, received, seen))
            .ok();
        Self {
            worker: Some(Worker {
                messages,
                ending,
                thread,
            }),
        }
    }

    /// Logs parameters: names and values that stay the same for the whole run.
    ///
    /// Names get `_` for characters that MLflow does not allow, values are cut after 6000
    /// characters.
    pub fn params(&self, params: impl IntoIterator<Item = (String, String)>) {
        self.send(Message::Params(params.into_iter().collect()));
    }

    /// Logs values of metrics at `step`, with the present time. Values that are not finite are
    /// skipped.
    pub fn metrics(&self, step: u64, metrics: &[(&str, f64)]) {
        let finite = metrics.iter().filter(|(_, value)| value.is_finite());
        let metrics = finite
            .map(|(key, value)| ((*key).to_owned(), *value))
            .collect();
        self.send(Message::Metrics {
            step,
            time_ms: now_ms(),
            metrics,
        });
    }

    /// Sets a tag of the run; the last value of a tag counts.
    pub fn tag(&self, key: &str, value: &str) {
        self.send(Message::Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }

    /// Logs a file into `folder` of the run's artifacts, `""` for their root.
    ///
    /// It is read when its turn comes, at the latest in [`Tracker::finish`], and whole: it must fit
    /// into memory.
    pub fn artifact(&self, file: &Path, folder: &str) {
        self.send(Message::Artifact {
            file: file.to_owned(),
            folder: folder.to_owned(),
        });
    }

    /// Ends the run as finished or failed, when everything is logged.
    ///
    /// Waits while the server keeps answering: 8 seconds for one answer, a minute for everything,
    /// longer only for uploads by their size. A server that is known to be gone is not waited
    /// for.
    ///
    /// # Errors
    ///
    /// [`Error`] says what was not logged, why, and in its last line what to do.
    pub fn finish(mut self, succeeded: bool) -> Result<(), Error> {
        self.end(succeeded)
    }

    fn send(&self, message: Message) {
        if let Some(worker) = &self.worker {
            // The other side is gone only where there is no thread, which `finish` tells.
            let _ = worker.messages.send(message);
        }
    }

    fn end(&mut self, succeeded: bool) -> Result<(), Error> {
        let Some(Worker {
            messages,
            ending,
            thread,
        }) = self.worker.take()
        else {
            return Ok(());
        };
        // It is set before the queue is closed, which is what the worker ends by.
        let _ = ending.set(RunEnd {
            at: Instant::now(),
            succeeded,
        });
        drop(messages);
        match thread.map(JoinHandle::join) {
            Some(Ok(result)) => result,
            _ => Err(Error::Stopped {
                cause: Box::new(Cause::Setup {
                    reason: "its thread did not start, or died".to_owned(),
                }),
                not_logged: UnloggedCounts {
                    end: true,
                    ..UnloggedCounts::default()
                },
            }),
        }
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        let _ = self.end(false);
    }
}

//! The thread that sends what is in the queue, until the first failure.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};

use crate::artifacts::ArtifactRoot;
use crate::client::Client;
use crate::message::{Message, RunEnd, now_ms};
use crate::wire::{LoggedMetric, Pair, RunInfo};
use crate::{Cause, Error, TrackingSettings, UnloggedCounts, batch, names};

/// MLflow's limit for a parameter.
const MAX_PARAM_CHARS: usize = 6000;

/// The limit of older servers for a tag; newer ones allow 8000.
const MAX_TAG_CHARS: usize = 5000;

/// Logs a run from its start until the queue is closed.
pub(crate) fn work(
    settings: &TrackingSettings,
    start_ms: i64,
    messages: Receiver<Message>,
    ending: Arc<OnceLock<RunEnd>>,
) -> Result<(), Error> {
    let mut queue = Queue {
        messages,
        held: None,
        not_logged: UnloggedCounts {
            end: true,
            ..UnloggedCounts::default()
        },
    };
    let mut skipped = None;
    let result = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let result = runtime.block_on(log_run(
                settings,
                start_ms,
                &mut queue,
                &ending,
                &mut skipped,
            ));
            // A look-up of the server's name may still hang.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Cause::Setup {
            reason: error.to_string(),
        }),
    };
    queue.ignore_rest();
    let not_logged = queue.not_logged;
    match (result, skipped) {
        (Err(cause), _) => Err(Error::Stopped {
            cause: Box::new(cause),
            not_logged,
        }),
        (Ok(()), Some(first)) => Err(Error::Partial {
            first: Box::new(first),
            not_logged,
        }),
        (Ok(()), None) => Ok(()),
    }
}

async fn log_run(
    settings: &TrackingSettings,
    start_ms: i64,
    queue: &mut Queue,
    ending: &Arc<OnceLock<RunEnd>>,
    skipped: &mut Option<Cause>,
) -> Result<(), Cause> {
    let mut client = Client::new(settings, Arc::clone(ending))?;
    let run = client
        .start_run(&settings.experiment, &settings.run_name, start_ms)
        .await?;
    let mut log = Log {
        client: &mut client,
        run: &run,
        params: HashMap::new(),
        skipped,
    };
    let result = log.all(queue).await;
    if let Err(cause) = &result {
        queue.ignore_rest();
        // A server that refused something, but answers, need not show the run as running for ever.
        if !matches!(cause, Cause::Status { .. }) {
            return result;
        }
    }
    let succeeded = ending.get().is_some_and(|ending| ending.succeeded);
    let ended = client.end_run(&run.run_id, succeeded, now_ms()).await;
    queue.not_logged.end = ended.is_err();
    result.and(ended)
}

/// What is to be logged. Everything taken from it counts as not logged until the server confirms
/// it.
struct Queue {
    messages: Receiver<Message>,
    /// Taken, but to be handled after what was taken before.
    held: Option<Message>,
    not_logged: UnloggedCounts,
}

impl Queue {
    /// The next message; `None` when the run has ended.
    fn wait(&mut self) -> Option<Message> {
        // Blocks the thread: nothing else runs on this runtime between requests.
        self.held.take().or_else(|| {
            self.messages
                .recv()
                .ok()
                .inspect(|message| count(&mut self.not_logged, message))
        })
    }

    /// All parameters and metrics that wait before anything else does, after `first`.
    fn gather(&mut self, first: Message) -> (Vec<(String, String)>, Vec<LoggedMetric>) {
        let (mut params, mut metrics) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Params(more) => params.extend(more),
                Message::Metrics {
                    step,
                    time_ms,
                    metrics: more,
                } => {
                    let step = i64::try_from(step).unwrap_or(i64::MAX);
                    let named = more
                        .into_iter()
                        .map(|(key, value)| (names::key(&key), value));
                    metrics.extend(named.map(|(key, value)| LoggedMetric {
                        key,
                        value,
                        timestamp: time_ms,
                        step,
                    }));
                }
                other => {
                    self.held = Some(other);
                    break;
                }
            }
            next = self
                .messages
                .try_recv()
                .ok()
                .inspect(|message| count(&mut self.not_logged, message));
        }
        (params, metrics)
    }

    fn ignore_rest(&mut self) {
        while self.wait().is_some() {}
    }
}

fn count(not_logged: &mut UnloggedCounts, message: &Message) {
    match message {
        Message::Params(params) => not_logged.params += params.len(),
        Message::Metrics { metrics, .. } => not_logged.metrics += metrics.len(),
        Message::Tag { .. } => not_logged.tags += 1,
        Message::Artifact { .. } => not_logged.artifacts += 1,
    }
}

/// A run that has started on the server.
struct Log<'a> {
    client: &'a mut Client,
    run: &'a RunInfo,
    /// All parameters sent.
    params: HashMap<String, String>,
    /// Why something was left out, the first time.
    skipped: &'a mut Option<Cause>,
}

impl Log<'_> {
    /// Logs what comes until the run ends.
    async fn all(&mut self, queue: &mut Queue) -> Result<(), Cause> {
        while let Some(message) = queue.wait() {
            match message {
                Message::Tag { key, value } => {
                    let value = names::value(value, MAX_TAG_CHARS);
                    self.client
                        .set_tag(&self.run.run_id, &names::key(&key), &value)
                        .await?;
                    queue.not_logged.tags -= 1;
                }
                Message::Artifact { file, folder } => match self.artifact(&file, &folder).await {
                    Ok(()) => queue.not_logged.artifacts -= 1,
                    // The rest of the run can do without it.
                    Err(
                        cause @ (Cause::ArtifactsElsewhere { .. }
                        | Cause::ArtifactFile { .. }
                        | Cause::Status { .. }),
                    ) => {
                        self.skipped.get_or_insert(cause);
                    }
                    Err(cause) => return Err(cause),
                },
                message @ (Message::Params(_) | Message::Metrics { .. }) => {
                    let (params, metrics) = queue.gather(message);
                    let params = self.new_params(params, &mut queue.not_logged);
                    for batch in batch::split(params, metrics) {
                        self.client.log_batch(&self.run.run_id, &batch).await?;
                        queue.not_logged.params -= batch.params.len();
                        queue.not_logged.metrics -= batch.metrics.len();
                    }
                }
            }
        }
        Ok(())
    }

    /// The parameters that MLflow does not have yet: it refuses a request that changes one.
    fn new_params(
        &mut self,
        params: Vec<(String, String)>,
        not_logged: &mut UnloggedCounts,
    ) -> Vec<Pair> {
        let mut new = Vec::new();
        for (key, value) in params {
            let (key, value) = (names::key(&key), names::value(value, MAX_PARAM_CHARS));
            match self.params.entry(key.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(value.clone());
                    new.push(Pair { key, value });
                }
                Entry::Occupied(logged) if *logged.get() == value => not_logged.params -= 1,
                Entry::Occupied(logged) => {
                    let logged = names::value(logged.get().clone(), 100);
                    let found = names::value(value, 100);
                    self.skipped
                        .get_or_insert(Cause::ParamChanged { key, logged, found });
                }
            }
        }
        new
    }

    async fn artifact(&mut self, file: &Path, folder: &str) -> Result<(), Cause> {
        let refuse = |reason: String| Cause::ArtifactFile {
            file: file.to_owned(),
            reason,
        };
        let root = ArtifactRoot::of(self.client.address(), &self.run.artifact_uri)?;
        let url = root
            .url_of(file, folder)
            .ok_or_else(|| refuse("it has no name".to_owned()))?;
        // Reading a pipe would wait for its other end.
        if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(refuse("it is no regular file".to_owned()));
        }
        let content = std::fs::read(file).map_err(|error| refuse(error.to_string()))?;
        self.client.upload(&self.run.run_id, url, content).await
    }
}

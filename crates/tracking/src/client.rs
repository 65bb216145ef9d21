//! MLflow's REST interface: what is asked, how long it is waited for, what the answers mean.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::address::ServerAddress;
use crate::batch::Batch;
use crate::message::RunEnd;
use crate::sender::{MlflowSender, ServerReply};
use crate::wire::{
    CreateExperiment, CreateRun, CreatedExperiment, CreatedRun, EmptyReply, FoundExperiment,
    LogBatch, Pair, RunInfo, SetTag, UpdateRun,
};
use crate::{Cause, TrackingSettings};

/// How long an answer may take: the end of a run waits this long for a server that hangs.
const TIMEOUT: Duration = Duration::from_secs(8);

/// An upload may take longer by the time its size takes at this speed, that of a slow line.
const UPLOAD_BYTES_PER_SEC: f64 = 100_000.0;

/// Before an upload of this size, and so of a long patience, the server must show that it answers.
const LARGE_BYTES: usize = 1 << 20;

/// Asks one server.
pub(crate) struct Client {
    sender: MlflowSender,
}

impl Client {
    /// `ending` is set when the run ends.
    pub(crate) fn new(
        settings: &TrackingSettings,
        ending: Arc<OnceLock<RunEnd>>,
    ) -> Result<Self, Cause> {
        Ok(Self {
            sender: MlflowSender::new(settings, ending)?,
        })
    }

    pub(crate) fn address(&self) -> &ServerAddress {
        self.sender.address()
    }

    /// Starts a run in the experiment of this name, which is made where there is none.
    pub(crate) async fn start_run(
        &self,
        experiment: &str,
        run_name: &str,
        start_time: i64,
    ) -> Result<RunInfo, Cause> {
        let experiment_id = self.experiment_id(experiment).await?;
        let tag = |key: &str, value: &str| Pair {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let body = CreateRun {
            experiment_id: &experiment_id,
            run_name,
            start_time,
            tags: vec![
                tag("mlflow.runName", run_name),
                tag("mlflow.source.name", "quarterhour"),
            ],
        };
        let created: CreatedRun = self
            .post("runs/create", &body, "a run with its run_id")
            .await?;
        Ok(created.run.info)
    }

    async fn experiment_id(&self, name: &str) -> Result<String, Cause> {
        if let Some(id) = self.find_experiment(name).await? {
            return Ok(id);
        }
        let request = "experiments/create";
        let answer = self.ask(request, &CreateExperiment { name }).await?;
        // Another run may have made it in between.
        if answer.is_refusal("RESOURCE_ALREADY_EXISTS")
            && let Some(id) = self.find_experiment(name).await?
        {
            return Ok(id);
        }
        let created: CreatedExperiment = self.sender.parsed(answer, request, "an experiment_id")?;
        Ok(created.experiment_id)
    }

    async fn find_experiment(&self, name: &str) -> Result<Option<String>, Cause> {
        let request = "experiments/get-by-name";
        let answer = self.get(request, &[("experiment_name", name)]).await?;
        if answer.is_refusal("RESOURCE_DOES_NOT_EXIST") {
            return Ok(None);
        }
        let found: FoundExperiment =
            self.sender
                .parsed(answer, request, "an experiment with its experiment_id")?;
        let id = found.experiment.experiment_id;
        match found.experiment.lifecycle_stage.as_str() {
            "deleted" => Err(Cause::ExperimentDeleted {
                server: self.sender.address().shown().to_owned(),
                experiment: name.to_owned(),
                id,
            }),
            _ => Ok(Some(id)),
        }
    }

    pub(crate) async fn log_batch(&self, run_id: &str, batch: &Batch) -> Result<(), Cause> {
        let body = LogBatch {
            run_id,
            metrics: &batch.metrics,
            params: &batch.params,
        };
        self.post("runs/log-batch", &body, "{}")
            .await
            .map(|_: EmptyReply| ())
    }

    pub(crate) async fn set_tag(&self, run_id: &str, key: &str, value: &str) -> Result<(), Cause> {
        self.post("runs/set-tag", &SetTag { run_id, key, value }, "{}")
            .await
            .map(|_: EmptyReply| ())
    }

    pub(crate) async fn end_run(
        &self,
        run_id: &str,
        succeeded: bool,
        end_time: i64,
    ) -> Result<(), Cause> {
        let status = if succeeded { "FINISHED" } else { "FAILED" };
        self.post(
            "runs/update",
            &UpdateRun {
                run_id,
                status,
                end_time,
            },
            "a run",
        )
        .await
        .map(|_: EmptyReply| ())
    }

    /// Puts an artifact of the run to `url`.
    pub(crate) async fn upload(
        &mut self,
        run_id: &str,
        url: Url,
        file: Vec<u8>,
    ) -> Result<(), Cause> {
        if file.len() >= LARGE_BYTES {
            let request = "runs/get";
            let answer = self.get(request, &[("run_id", run_id)]).await?;
            self.sender
                .parsed(answer, request, "a run")
                .map(|_: EmptyReply| ())?;
        }
        let by_size = Duration::from_secs_f64(file.len() as f64 / UPLOAD_BYTES_PER_SEC);
        let request = format!(
            "upload of {}",
            url.path().rsplit('/').next().unwrap_or_default()
        );
        let put = self.sender.request(Method::PUT, url).body(file);
        let start = Instant::now();
        let answer = self.sender.send(put, &request, TIMEOUT + by_size).await;
        self.sender.add_upload_time(start.elapsed().min(by_size));
        self.sender.successful(answer?, &request).map(|_| ())
    }

    /// Asks for what `query` names; the answer may be a refusal.
    pub(crate) async fn get(
        &self,
        request: &str,
        query: &[(&str, &str)],
    ) -> Result<ServerReply, Cause> {
        let mut url = self.url(request);
        url.query_pairs_mut().extend_pairs(query);
        self.sender
            .send(self.sender.request(Method::GET, url), request, TIMEOUT)
            .await
    }

    /// Posts `body`; the answer may be a refusal.
    pub(crate) async fn ask(
        &self,
        request: &str,
        body: &impl Serialize,
    ) -> Result<ServerReply, Cause> {
        let post = self
            .sender
            .request(Method::POST, self.url(request))
            .json(body);
        self.sender.send(post, request, TIMEOUT).await
    }

    /// Posts `body` for an answer that is as `expected`.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        request: &str,
        body: &impl Serialize,
        expected: &str,
    ) -> Result<T, Cause> {
        let answer = self.ask(request, body).await?;
        self.sender.parsed(answer, request, expected)
    }

    /// What an answer holds; `expected` says it in words.
    pub(crate) fn parsed<T: DeserializeOwned>(
        &self,
        answer: ServerReply,
        request: &str,
        expected: &str,
    ) -> Result<T, Cause> {
        self.sender.parsed(answer, request, expected)
    }

    fn url(&self, request: &str) -> Url {
        self.sender.address().api(&format!("mlflow/{request}"))
    }
}

//! What goes over the wire and comes back.

use serde::{Deserialize, Serialize};

/// A parameter or a tag.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LoggedMetric {
    pub(crate) key: String,
    pub(crate) value: f64,
    /// UTC milliseconds.
    pub(crate) timestamp: i64,
    pub(crate) step: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct CreateExperiment<'a> {
    pub(crate) name: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct CreateRun<'a> {
    pub(crate) experiment_id: &'a str,
    pub(crate) run_name: &'a str,
    pub(crate) start_time: i64,
    pub(crate) tags: Vec<Pair>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LogBatch<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) metrics: &'a [LoggedMetric],
    pub(crate) params: &'a [Pair],
}

#[derive(Debug, Serialize)]
pub(crate) struct SetTag<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct UpdateRun<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) status: &'a str,
    pub(crate) end_time: i64,
}

/// The answer where nothing is to be read but that it is MLflow's.
#[derive(Debug, Deserialize)]
pub(crate) struct EmptyReply {}

#[derive(Debug, Deserialize)]
pub(crate) struct FoundExperiment {
    pub(crate) experiment: Experiment,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Experiment {
    pub(crate) experiment_id: String,
    #[serde(default)]
    pub(crate) lifecycle_stage: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreatedExperiment {
    pub(crate) experiment_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreatedRun {
    pub(crate) run: RunReply,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RunReply {
    pub(crate) info: RunInfo,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RunInfo {
    pub(crate) run_id: String,
    #[serde(default)]
    pub(crate) artifact_uri: String,
}

/// What MLflow writes beside an HTTP error.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    pub(crate) error_code: String,
}

//! What the registry knows of a version.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ModelName, ModelVersion};

/// A registered version: a run, and what was known of it when it was added. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The model.
    pub name: ModelName,
    /// Its version.
    pub version: ModelVersion,
    /// Folder of the run.
    pub run: PathBuf,
    /// Kind of forecaster: `network`, `lightgbm` ...
    pub kind: String,
    /// Its name in tables.
    pub forecaster: String,
    /// What is forecast: the target with its horizon, such as `return 15m`.
    pub target: String,
    /// Length of a bar.
    pub interval: String,
    /// The coins that it forecasts.
    pub universe: Vec<String>,
    /// SHA-256 of run.toml.
    pub config_sha256: String,
    /// Digest of the closes of the run's candles; None where they were not there when it was added.
    pub data_sha256: Option<String>,
    /// Version of this project that began the run.
    pub code_version: String,
    /// Open times of the first row that it was fitted on and of the first that is out of sample, UTC ms;
    /// None where its files do not say.
    pub training_span_ms: Option<[i64; 2]>,
    /// How it scored out of sample.
    pub scores: Vec<NamedScore>,
    /// What the scores are of, where it is not the model itself: the model before a refit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores_of: Option<ModelVersion>,
    /// Its files, which must stay as they are.
    pub files: Vec<FileHash>,
    /// Who added it.
    pub who: String,
    /// When, UTC ms.
    pub added_ms: i64,
    /// Why.
    pub why: String,
    /// What the retraining found that made it; None where a person added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retraining: Option<Retraining>,
}

impl Entry {
    /// Bytes of all its files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// A score with its 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedScore {
    /// The metric's name in reports.
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// Lower and upper end; None where there is none.
    pub interval: Option<[f64; 2]>,
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// Where it is, from the run's folder on; a file of another run's has its whole path.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// What a retraining found when it compared a challenger with the champion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retraining {
    /// The version that was in production.
    pub champion: ModelVersion,
    /// Open times of the span that neither was fitted on, UTC ms, half-open.
    pub held_back_ms: [i64; 2],
    /// The metric that decides.
    pub metric: String,
    /// The champion's score.
    pub champion_score: Option<f64>,
    /// The challenger's score.
    pub challenger_score: Option<f64>,
    /// Challenger minus champion, above 0 where the challenger is better.
    pub gain: Option<f64>,
    /// Its 90 % interval, from days drawn as wholes; None of fewer than five days.
    pub gain_interval: Option<[f64; 2]>,
    /// What follows from it.
    pub verdict: Verdict,
    /// What had drifted, where that made it come before its time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<String>,
}

/// Whether a challenger takes the champion's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does, for this reason.
    Promoted(String),
    /// It does not, for this reason.
    Refused(String),
}

//! What every request may look at.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use registry::NamedModel;
use tokio::sync::{Mutex, Semaphore, watch};

use crate::access::Access;
use crate::explained::ExplainedBar;
use crate::problem::Problem;
use crate::promise::Promise;
use crate::request_counts::RequestCounts;
use crate::run_facts::RunFacts;
use crate::snapshot::Snapshot;

/// Most bodies of `POST /predict` that are read or wait at a time: each may be a file of 32 MB.
pub const MOST_UPLOADS: usize = 16;

/// Most event streams at a time.
pub const MOST_STREAMS: usize = 256;

/// Bars after the last one that should be there at which the forecasts count as stale.
pub const STALE_AFTER_BARS: i64 = 2;

/// What every request may look at.
#[derive(Debug)]
pub struct Site {
    /// The run, and what its watch has written.
    pub main: Shown,
    /// A run that forecasts volatilities beside it, and is watched too.
    pub volatility: Option<Shown>,
    /// The ledger of the main run's watch.
    pub ledger: PathBuf,
    /// The registered model that the run was named by; None for a folder.
    pub model: Option<NamedModel>,
    /// What the run's test folds promised, once it is known.
    pub promise: Arc<OnceLock<Option<Promise>>>,
    /// Who may ask.
    pub access: Access,
    /// Arguments of `predict` that every forecast begins with.
    pub predict_arguments: Vec<String>,
    /// One forecast is made at a time.
    pub predicting: Arc<Semaphore>,
    /// One body of JSON is read at a time.
    pub parsing: Arc<Semaphore>,
    /// What pushed the forecasts of the last bar that somebody asked about.
    pub explained: Mutex<Option<Arc<ExplainedBar>>>,
    /// One for each body that may be read, and wait for its turn.
    pub uploading: Arc<Semaphore>,
    /// One for each event stream that may be open.
    pub streams: Arc<Semaphore>,
    /// Requests so far.
    pub requests: RequestCounts,
    /// Folder for what is uploaded.
    pub uploads: PathBuf,
}

/// A run that is watched, and what its ledger says.
#[derive(Debug)]
pub struct Shown {
    /// What is fixed about the run.
    pub run: Arc<RunFacts>,
    /// What the ledger says.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
}

/// Whether there are forecasts, and how old they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// The last bar is forecast, or the next one is not late yet.
    Fresh,
    /// Bars passed without a forecast.
    Stale,
    /// There is no forecast yet.
    Empty,
    /// The ledger is not there or cannot be read.
    Unreadable,
}

impl Shown {
    /// The last snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Whether the forecasts of a snapshot are of now.
    pub fn freshness(&self, snapshot: &Snapshot, now_ms: i64) -> Freshness {
        if snapshot.fault.is_some() {
            return Freshness::Unreadable;
        }
        match &snapshot.bar {
            None => Freshness::Empty,
            Some(bar) if now_ms - bar.closed_at > STALE_AFTER_BARS * self.run.bar_ms => {
                Freshness::Stale
            }
            Some(_) => Freshness::Fresh,
        }
    }
}

impl Site {
    /// The run that is served.
    pub fn run(&self) -> &RunFacts {
        &self.main.run
    }

    /// The last snapshot of its watch.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.main.snapshot()
    }

    /// Whether the forecasts of a snapshot are of now.
    pub fn freshness(&self, snapshot: &Snapshot, now_ms: i64) -> Freshness {
        self.main.freshness(snapshot, now_ms)
    }

    /// The correlation that the test folds promised; None where it is not known, or not yet.
    pub fn promise(&self) -> Option<&Promise> {
        self.promise.get()?.as_ref()
    }

    /// Lets a request change something where a token protects that.
    ///
    /// # Errors
    /// 403 of a server without a token, whatever its address.
    pub fn check_may_change(&self) -> Result<(), Problem> {
        if self.access.has_token() {
            return Ok(());
        }
        let detail = "this server was started without a token, expected one for changes";
        let hint = "`quarterhour serve --token-file FILE`, or the commands `quarterhour models promote` and \
                    `quarterhour watch pause`";
        Err(Problem::new(StatusCode::FORBIDDEN, detail, hint))
    }
}

/// This machine's clock, UTC ms.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

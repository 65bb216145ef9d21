//! What a run hands to the thread that sends.

use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What is to be logged, as the caller gave it.
#[derive(Debug)]
pub(crate) enum Message {
    Params(Vec<(String, String)>),
    Metrics {
        step: u64,
        time_ms: i64,
        metrics: Vec<(String, f64)>,
    },
    Tag {
        key: String,
        value: String,
    },
    Artifact {
        file: PathBuf,
        folder: String,
    },
}

/// When and how the run ended.
#[derive(Debug)]
pub(crate) struct RunEnd {
    pub(crate) at: Instant,
    pub(crate) succeeded: bool,
}

/// The local clock, UTC milliseconds.
pub(crate) fn now_ms() -> i64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

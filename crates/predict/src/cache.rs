//! Live forecasts on disk, so that callers who ask often do not ask the exchange as often.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::Forecasts;

/// The last live forecasts of a run, in `<run>/last-forecasts.json`.
#[derive(Debug)]
pub struct ForecastCache {
    path: PathBuf,
    key: String,
    lasts_secs: u64,
}

#[derive(Serialize, Deserialize)]
struct CacheEntry {
    key: String,
    made_at_secs: u64,
    forecasts: Forecasts,
}

impl ForecastCache {
    /// The cache of `run`; forecasts made for another `key`, or longer than `lasts_secs` ago, are
    /// not reused.
    pub fn new(run: &Path, key: String, lasts_secs: u64) -> Self {
        Self {
            path: run.join("last-forecasts.json"),
            key,
            lasts_secs,
        }
    }

    /// The forecasts, if they may be reused, and their age in seconds.
    pub fn get(&self) -> Option<(Forecasts, u64)> {
        let entry: CacheEntry = serde_json::from_slice(&std::fs::read(&self.path).ok()?).ok()?;
        let age_secs = now_secs().checked_sub(entry.made_at_secs)?;
        (entry.key == self.key && age_secs < self.lasts_secs).then_some((entry.forecasts, age_secs))
    }

    /// Keeps forecasts; where they cannot be written they are made anew next time.
    pub fn put(&self, forecasts: &Forecasts) {
        let entry = CacheEntry {
            key: self.key.clone(),
            made_at_secs: now_secs(),
            forecasts: forecasts.clone(),
        };
        let written = serde_json::to_vec(&entry)
            .map_err(anyhow::Error::from)
            .and_then(|json| Ok(storage::write_atomically(&self.path, &json)?));
        if let Err(error) = written {
            cli::note(format!(
                "the forecasts are not kept for the next call: {error:#}"
            ));
        }
    }
}

fn now_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

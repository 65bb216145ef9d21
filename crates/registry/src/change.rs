//! Changes of the registry, and what may change of a version.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::{Alias, Entry, ModelName, ModelVersion};

/// Who changes the registry, when and why.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// When, UTC ms.
    pub time_ms: i64,
}

impl Change {
    /// A change of this moment by whoever runs this process.
    pub fn now(why: &str) -> Self {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let who = named("USER").or_else(|| named("LOGNAME"));
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            who: who.unwrap_or_else(|| "unknown".to_owned()),
            why: why.to_owned(),
            time_ms: time.map_or(0, |time| time.as_millis() as i64),
        }
    }
}

/// Where an alias is moved.
#[derive(Debug, Clone)]
pub struct Promotion {
    /// The alias.
    pub alias: Alias,
    /// The version that it must still name; None: it must name none yet.
    pub expected: Option<ModelVersion>,
}

/// A version with what may change of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// What never changes.
    #[serde(flatten)]
    pub entry: Entry,
    /// The aliases that name it.
    pub aliases: Vec<Alias>,
    /// Whether it is no longer to be used.
    pub is_retired: bool,
}

/// One change of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryLine {
    /// Its number; numbers grow.
    pub id: i64,
    /// When, UTC ms.
    pub time_ms: i64,
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// `add`, `promote`, `rollback` or `retire`.
    pub action: String,
    /// The model.
    pub name: ModelName,
    /// The version.
    pub version: ModelVersion,
    /// The alias that was moved.
    pub alias: Option<Alias>,
    /// The version that it named before.
    pub previous: Option<ModelVersion>,
}

//! What was fitted, and its file.

use std::path::Path;

use dataset::FeatureSet;
use market::Interval;
use serde::{Deserialize, Serialize};

use crate::{Error, ModelKind, Parameters};

/// Version of the file.
const FORMAT: u32 = 1;

/// What the refits of a span were fitted to: all that a forecast needs beside candles and config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolatilityModel {
    format: u32,
    /// Version of the feature set `har_range`.
    feature_version: u32,
    interval: Interval,
    /// Which model.
    pub model: ModelKind,
    /// In order of time.
    pub refits: Vec<Refit>,
}

/// What is used from one time to the next refit's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refit {
    /// First open time that it is for, UTC ms; candles up to this one are known to it, and every
    /// target that it knows was known by then.
    pub from_ms: i64,
    /// Number of rows and coins that it was fitted to.
    pub rows: usize,
    /// The numbers.
    pub parameters: Parameters,
}

impl VolatilityModel {
    pub(crate) fn new(model: ModelKind, interval: Interval, refits: Vec<Refit>) -> Self {
        Self {
            format: FORMAT,
            feature_version: FeatureSet::HAR_RANGE.version(),
            interval,
            model,
            refits,
        }
    }

    /// The refit that forecasts a time; None before the first.
    pub fn refit_at(&self, time_ms: i64) -> Option<&Refit> {
        let begun = self
            .refits
            .partition_point(|refit| refit.from_ms <= time_ms);
        self.refits[..begun].last()
    }

    /// The text of its file.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Reads the text of a file, which `path` names; `names` are those of the numbers that all
    /// coins share.
    ///
    /// # Errors
    /// [`Error::File`] with what is wrong in it.
    pub fn from_json(text: &str, path: &Path, names: &[String]) -> Result<Self, Error> {
        let wrong = |what: &str, found: String, expected: String| Error::File {
            file: path.to_owned(),
            what: what.to_owned(),
            found,
            expected,
        };
        let fitted: Self = serde_json::from_str(text).map_err(|error| {
            wrong(
                "JSON",
                error.to_string(),
                "a fitted model of volatility".into(),
            )
        })?;
        let version = FeatureSet::HAR_RANGE.version();
        for (what, found, expected) in [
            ("format", fitted.format, FORMAT),
            ("feature_version", fitted.feature_version, version),
        ] {
            if found != expected {
                return Err(wrong(what, found.to_string(), expected.to_string()));
            }
        }
        for refit in &fitted.refits {
            let shared = &refit.parameters.shared;
            let found: Vec<&str> = shared.iter().map(|number| number.name.as_str()).collect();
            if found != *names {
                let (found, expected) = (found.join(", "), names.join(", "));
                return Err(wrong("shared", found, expected));
            }
        }
        if !fitted.refits.is_sorted_by_key(|refit| refit.from_ms) || fitted.refits.is_empty() {
            let found = fitted.refits.len().to_string();
            let expected = "at least one, in order of time".to_owned();
            return Err(wrong("refits", found, expected));
        }
        Ok(fitted)
    }
}

//! The list of targets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use market::Interval;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::target::{Settings, Target};
use super::{Estimator, bar, gresearch, provided, regime, return_, volatility};
use crate::TimeSpan;

/// All targets that `target.kind` can name; a new one is a file beside this one and a line here.
const TARGETS: [TargetEntry; 6] = [
    TargetEntry("return", return_::init),
    TargetEntry("bar", bar::init),
    TargetEntry("gresearch", gresearch::init),
    TargetEntry("provided", provided::init),
    TargetEntry("volatility", volatility::init),
    TargetEntry("regime", regime::init),
];

/// A target's name, and how it is made of the settings.
struct TargetEntry(&'static str, fn(&Settings<'_>) -> Box<dyn Target>);

/// The name of a target of the list: `return`, `bar`, `gresearch`, `provided`, `volatility` or `regime`.
#[derive(Clone, Copy)]
pub struct TargetKind(&'static TargetEntry);

impl TargetKind {
    /// Every target of the list.
    pub fn all() -> impl Iterator<Item = Self> {
        TARGETS.iter().map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.0
    }

    /// The target itself.
    pub fn init(self, settings: &Settings<'_>) -> Box<dyn Target> {
        (self.0.1)(settings)
    }
}

impl Default for TargetKind {
    /// The return.
    fn default() -> Self {
        Self(&TARGETS[0])
    }
}

impl PartialEq for TargetKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for TargetKind {}

impl fmt::Debug for TargetKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), formatter)
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for TargetKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|kind| kind.name() == text).ok_or_else(|| {
            let known: Vec<String> = Self::all().map(|kind| format!("`{kind}`")).collect();
            format!(
                "unknown target `{text}`, expected one of {}",
                known.join(", ")
            )
        })
    }
}

impl Serialize for TargetKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for TargetKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for TargetKind {
    fn schema_name() -> Cow<'static, str> {
        "TargetKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let weights = BTreeMap::new();
        let settings = Settings {
            interval: Interval::ONE_MINUTE,
            horizon: TimeSpan::minutes(1),
            beta_window: TimeSpan::minutes(1),
            estimator: Estimator::Rms,
            weights: &weights,
        };
        let choice = |kind: Self| {
            let target = kind.init(&settings);
            json_schema!({ "const": kind.name(), "description": target.description() })
        };
        let choices: Vec<Schema> = Self::all().map(choice).collect();
        json_schema!({ "type": "string", "oneOf": choices })
    }
}

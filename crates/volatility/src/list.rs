//! The list of models.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use dataset::Config;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::GarchOptions;
use crate::models::{self, Model, ModelSettings};

/// All models that `volatility.model` can name; a new one is a file in `models/` and a line here.
const MODELS: [ModelEntry; 14] = [
    ModelEntry("har_full", models::har_full::init),
    ModelEntry("har", models::har::init),
    ModelEntry("log_har", models::log_har::init),
    ModelEntry("range_har_pk", models::range_har_pk::init),
    ModelEntry("range_har_gk", models::range_har_gk::init),
    ModelEntry("parts", models::parts::init),
    ModelEntry("parts_harq", models::parts_harq::init),
    ModelEntry("two_stage", models::two_stage::init),
    ModelEntry("garch", models::garch::init),
    ModelEntry("ewma", models::ewma::init),
    ModelEntry("trailing_30d", models::trailing_30d::init),
    ModelEntry("naive", models::naive::init),
    ModelEntry("term", models::term::init),
    ModelEntry("coin_mean", models::coin_mean::init),
];

/// A model's name, and how it is made of the settings.
struct ModelEntry(&'static str, fn(&ModelSettings<'_>) -> Box<dyn Model>);

/// The name of a model of the list, such as `har_full` or `garch`.
#[derive(Clone, Copy)]
pub struct ModelKind(&'static ModelEntry);

impl ModelKind {
    /// Every model of the list.
    pub fn all() -> impl Iterator<Item = Self> {
        MODELS.iter().map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.0
    }

    /// The model itself.
    pub(crate) fn init(self, settings: &ModelSettings<'_>) -> Box<dyn Model> {
        (self.0.1)(settings)
    }
}

impl Default for ModelKind {
    /// HAR on returns, ranges and the coin's level.
    fn default() -> Self {
        Self(&MODELS[0])
    }
}

impl PartialEq for ModelKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ModelKind {}

impl fmt::Debug for ModelKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), formatter)
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for ModelKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|kind| kind.name() == text).ok_or_else(|| {
            let known: Vec<String> = Self::all().map(|kind| format!("`{kind}`")).collect();
            format!(
                "unknown variant `{text}`, expected one of {}",
                known.join(", ")
            )
        })
    }
}

impl Serialize for ModelKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ModelKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ModelKind {
    fn schema_name() -> Cow<'static, str> {
        "ModelKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let settings = ModelSettings {
            terms: &[],
            garch: &GarchOptions::default(),
            config: &Config::default(),
        };
        let choice = |kind: Self| {
            let description = kind.init(&settings).description().to_owned();
            json_schema!({ "const": kind.name(), "description": description })
        };
        let choices: Vec<Schema> = Self::all().map(choice).collect();
        json_schema!({ "type": "string", "oneOf": choices })
    }
}

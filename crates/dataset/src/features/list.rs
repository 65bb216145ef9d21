//! The list of feature sets.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::set::FeatureFormulas;
use super::{
    close6, closes, har_intraday, har_range, indicators, indicators50, kline8, ohlcv8, raw9,
    relative, relative6, volatility,
};
use crate::Column;

/// All sets that `features.set` can name; a new one is a file beside this one and a line here.
static SETS: [&dyn FeatureFormulas; 13] = [
    &ohlcv8::Ohlcv8,
    &kline8::Kline8,
    &raw9::Raw9,
    &close6::Close6,
    &closes::CLOSES12,
    &closes::CLOSES13,
    &indicators::Indicators,
    &indicators50::Indicators50,
    &relative::Relative,
    &relative6::Relative6,
    &har_range::HarRange,
    &har_intraday::HarIntraday,
    &volatility::Volatility,
];

/// A feature set; [`super::Features`] computes it.
#[derive(Clone, Copy)]
pub struct FeatureSet(&'static dyn FeatureFormulas);

impl FeatureSet {
    /// Closes alone, for sources that hold nothing else.
    pub const CLOSE6: Self = Self(&close6::Close6);
    /// Each coin against the others, and the market.
    pub const RELATIVE: Self = Self(&relative::Relative);

    /// Volatilities of the last day, week and month by returns and ranges, and the coin's level.
    pub const HAR_RANGE: Self = Self(&har_range::HarRange);

    /// Volatilities of the last hours, day, week and month of bars shorter than a day, and the level.
    pub const HAR_INTRADAY: Self = Self(&har_intraday::HarIntraday);

    /// A set of one's own, which no config can name.
    pub const fn of(formulas: &'static dyn FeatureFormulas) -> Self {
        Self(formulas)
    }

    /// Every set of the list.
    pub fn all() -> impl Iterator<Item = Self> {
        SETS.iter().map(|set| Self(*set))
    }

    /// Its name in configs.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Raised whenever a formula changes.
    pub fn version(self) -> u32 {
        self.0.version()
    }

    /// The columns that it is computed from.
    pub fn columns(self) -> &'static [Column] {
        self.0.columns()
    }

    /// The set itself.
    pub fn formulas(self) -> &'static dyn FeatureFormulas {
        self.0
    }
}

impl Default for FeatureSet {
    /// Open, high, low, close and volume are what every source has.
    fn default() -> Self {
        Self(&ohlcv8::Ohlcv8)
    }
}

impl PartialEq for FeatureSet {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for FeatureSet {}

impl fmt::Debug for FeatureSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), formatter)
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for FeatureSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|set| set.name() == text).ok_or_else(|| {
            // As the TOML reader says it of an enum, so that a slip is told as any other.
            let known: Vec<String> = Self::all().map(|set| format!("`{set}`")).collect();
            format!(
                "unknown variant `{text}`, expected one of {}",
                known.join(", ")
            )
        })
    }
}

impl Serialize for FeatureSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for FeatureSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FeatureSet {
    fn schema_name() -> Cow<'static, str> {
        "FeatureSet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let choice =
            |set: Self| json_schema!({ "const": set.name(), "description": set.0.description() });
        let choices: Vec<Schema> = Self::all().map(choice).collect();
        json_schema!({ "type": "string", "oneOf": choices })
    }
}

/// The schema of `features.with`: names of such groups, of whichever set.
pub(super) fn optional_groups_schema(_: &mut SchemaGenerator) -> Schema {
    let groups = FeatureSet::all().flat_map(|set| set.formulas().optional_groups());
    let names: BTreeSet<&str> = groups.map(|optional| optional.group.name).collect();
    json_schema!({ "type": "array", "items": { "type": "string", "enum": names } })
}

/// The schema of `features.groups`: names of groups, of whichever set.
pub(super) fn groups_schema(_: &mut SchemaGenerator) -> Schema {
    let groups = FeatureSet::all().flat_map(|set| set.formulas().groups());
    let names: BTreeSet<&str> = groups.map(|group| group.name).collect();
    json_schema!({ "type": "array", "items": { "type": "string", "enum": names } })
}

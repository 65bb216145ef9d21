//! The whole config file: every section, each typed beside the code that it configures.

use alerts::AlertsConfig;
use baseline::{BaselineOptions, LightGbmConfig, XgboostConfig};
use dataset::{
    DataConfig, FeatureConfig, IntervalsConfig, NormalizeConfig, PanelConfig, RegimeConfig,
    SplitConfig, TargetConfig, UniverseConfig,
};
use ensemble::EnsembleOptions;
use linear::RidgeOptions;
use model::NetworkConfig;
use predict::WatchConfig;
use replay::ReplayConfig;
use rules::PortfolioConfig;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};
use trading::TradingConfig;
use train::{OptimizerConfig, TrainingConfig};
use volatility::VolatilityOptions;

/// A config file of Quarterhour. A key that is left out has its default, and any other key is an
/// error.
#[derive(Debug, Default, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct ConfigFile {
    data: DataConfig,
    universe: UniverseConfig,
    panel: Vec<PanelConfig>,
    features: FeatureConfig,
    target: TargetConfig,
    split: SplitConfig,
    normalize: NormalizeConfig,
    intervals: IntervalsConfig,
    regime: RegimeConfig,
    network: NetworkConfig,
    optimizer: OptimizerConfig,
    training: TrainingConfig,
    baseline: BaselineOptions,
    lightgbm: LightGbmConfig,
    xgboost: XgboostConfig,
    ridge: RidgeOptions,
    volatility: VolatilityOptions,
    ensemble: EnsembleOptions,
    trading: TradingConfig,
    portfolio: PortfolioConfig,
    watch: WatchConfig,
    alerts: AlertsConfig,
    replay: ReplayConfig,
}

impl ConfigFile {
    /// The JSON Schema of a config file.
    pub fn schema() -> Schema {
        SchemaSettings::draft07()
            .with(|settings| settings.inline_subschemas = true)
            .with_transform(RecursiveTransform(without_null))
            .with_transform(RecursiveTransform(plain))
            .into_generator()
            .into_root_schema_for::<Self>()
    }

    /// All keys, as `section.key`; `section.*` where any name may stand.
    pub fn keys() -> Vec<String> {
        let mut keys = Vec::new();
        add_keys("", Self::schema().as_value(), &mut keys);
        // Sections that may be there several times are lists at the root.
        keys.retain(|key| key.contains('.'));
        keys
    }
}

/// All keys of a section of the schema and of those inside it, as `section.key`; `section.*` where any
/// name may stand.
fn add_keys(prefix: &str, schema: &Value, keys: &mut Vec<String>) {
    let schema = schema.get("items").unwrap_or(schema);
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    for (name, schema) in properties {
        let key = format!("{prefix}{name}");
        if schema.get("properties").is_some() {
            add_keys(&(key + "."), schema, keys);
        } else if schema["type"] == "object" {
            keys.push(key + ".*");
        } else {
            keys.push(key);
        }
    }
}

/// Takes out `null`, which an `Option` allows and TOML does not have.
fn without_null(schema: &mut Schema) {
    let Some(keywords) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = keywords.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            keywords.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = keywords.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(choices)) = keywords.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only: Map<String, Value> = only.clone();
            keywords.remove("anyOf");
            for (keyword, value) in only {
                keywords.entry(keyword).or_insert(value);
            }
        }
    }
}

/// Unwraps the lines of descriptions, and takes out what says nothing to an editor: a whole
/// section's default, and the number types of Rust.
fn plain(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs: Vec<String> = text
            .split("\n\n")
            .map(|paragraph| paragraph.replace('\n', " "))
            .collect();
        *text = paragraphs.join("\n\n");
    }
    if schema.get("properties").is_some() {
        schema.remove("default");
    }
    schema.remove("format");
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_sections_and_of_sections_in_them() {
        let keys = ConfigFile::keys();
        for key in [
            "lightgbm.num_leaves",
            "lightgbm.more.*",
            "network.gru.width",
            "split.train",
        ] {
            assert!(keys.iter().any(|known| known == key), "{key}");
        }
        assert!(!keys.iter().any(|key| key.ends_with(".properties")));
    }

    /// A section that some subcommand reads is in the schema, and no other.
    #[test]
    fn the_sections_are_those_that_are_read() {
        let schema = ConfigFile::schema();
        let properties = schema.get("properties").unwrap().as_object().unwrap();
        let mut found: Vec<&str> = properties.keys().map(String::as_str).collect();
        // What a run writes about itself is not for people.
        found.push("run");
        found.sort_unstable();
        let mut read = cli::SECTIONS.to_vec();
        read.sort_unstable();
        assert_eq!(found, read);
    }
}

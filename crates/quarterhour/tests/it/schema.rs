//! The JSON Schema of the config takes every config of the project and refuses slips.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::quarterhour;

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

fn schema() -> Value {
    let output = quarterhour("schema").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Says where a value is not as its schema wants it. It knows the keywords that the schema has, and
/// stops at any other.
fn check(path: &str, value: &Value, schema: &Value) -> Result<(), String> {
    let wrong = |expected: &Value| Err(format!("{path}: {value}, expected {expected}"));
    for (keyword, wanted) in schema.as_object().unwrap() {
        let choices = || wanted.as_array().unwrap().iter();
        let taken = || {
            choices()
                .filter(|choice| check(path, value, choice).is_ok())
                .count()
        };
        let is_right = match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "additionalProperties" => true,
            "type" => match wanted.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64(),
                "number" => value.is_number(),
                other => panic!("type {other}"),
            },
            "const" => value == wanted,
            "enum" => choices().any(|name| name == value),
            "oneOf" => taken() == 1,
            "anyOf" => taken() > 0,
            // A keyword says nothing of values of other types.
            "minimum" => value.as_f64() >= wanted.as_f64() || !value.is_number(),
            "maximum" => value.as_f64() <= wanted.as_f64() || !value.is_number(),
            "minItems" => value
                .as_array()
                .is_none_or(|items| items.len() >= length(wanted)),
            "maxItems" => value
                .as_array()
                .is_none_or(|items| items.len() <= length(wanted)),
            // The one pattern: a whole number with a unit.
            "pattern" => {
                assert_eq!(wanted, "^[0-9]+[smhdw]$");
                let is_time = |text: &str| {
                    let number = text.strip_suffix(['s', 'm', 'h', 'd', 'w']);
                    number.is_some_and(|number| number.parse::<u64>().is_ok())
                };
                value.as_str().is_none_or(is_time)
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    check(path, item, wanted)?;
                }
                true
            }
            "properties" => {
                let others = schema.get("additionalProperties");
                for (key, entry) in value.as_object().into_iter().flatten() {
                    let path = format!("{path}.{key}");
                    match (wanted.get(key), others) {
                        (Some(schema), _) => check(&path, entry, schema)?,
                        (None, Some(Value::Bool(false))) => return Err(format!("{path}: unknown")),
                        (None, _) => {}
                    }
                }
                true
            }
            other => panic!("the test does not know the keyword {other}"),
        };
        if !is_right {
            return wrong(&json!({ keyword: wanted }));
        }
    }
    Ok(())
}

fn length(wanted: &Value) -> usize {
    usize::try_from(wanted.as_u64().unwrap()).unwrap()
}

fn check_toml(text: &str) -> Result<(), String> {
    let config: Value = toml::from_str(text).unwrap();
    check("config", &config, &schema())
}

/// Each config names the schema in its first line, and is as the schema wants it.
#[test]
fn every_config_of_the_project_is_taken() {
    let mut count = 0;
    for entry in fs::read_dir(configs()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(check_toml(&text), Ok(()), "{}", path.display());
            assert_eq!(
                text.lines().next(),
                Some("#:schema ./schema.json"),
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}

#[test]
fn slips_are_refused() {
    let refused = |text: &str| check_toml(text).unwrap_err();
    assert_eq!(
        refused("[target]\nhorizn = \"15m\""),
        "config.target.horizn: unknown"
    );
    assert_eq!(
        refused("[targt]\nhorizon = \"15m\""),
        "config.targt: unknown"
    );
    assert_eq!(refused("[run]\nkind = \"network\""), "config.run: unknown");
    assert_eq!(
        refused("[network.lstm]\ndepth = 2"),
        "config.network.lstm.depth: unknown"
    );
    for (text, key) in [
        ("[target]\nhorizon = 15", "target.horizon"),
        ("[target]\nhorizon = \"15 minutes\"", "target.horizon"),
        ("[target]\nkind = \"retrun\"", "target.kind"),
        ("[features]\nset = \"ohlcv9\"", "features.set"),
        ("[features]\ngroups = [\"rsi\", \"roi\"]", "features.groups"),
        ("[network]\nencoder = \"rnn\"", "network.encoder"),
        ("[data]\ninterval = \"7m\"", "data.interval"),
        ("[data]\nfrom = 2023", "data.from"),
        ("[split]\nfolds = -1", "split.folds"),
        ("[split]\nfolds = \"off\"", "split.folds"),
        ("[training]\npatience = \"never\"", "training.patience"),
        ("[watch]\nmetrics_port = 100000", "watch.metrics_port"),
    ] {
        let said = refused(text);
        assert!(
            said.starts_with(&format!("config.{key}: ")),
            "{text}: {said}"
        );
    }
    let taken = "[target]\nhorizon = \"1d\"\n[target.weights]\nBTCUSDT = 2.5\n\
                 [network]\nencoder = \"lstm\"\n[network.lstm]\nlayers = 2\n\
                 [training]\npatience = \"off\"\nsteps = 100\n[lightgbm.more]\nmax_depth = 3\n\
                 [split]\nfolds = \"all\"\n[data.simulated]\noutage_every_minutes = \"off\"\n";
    assert_eq!(check_toml(taken), Ok(()));
}

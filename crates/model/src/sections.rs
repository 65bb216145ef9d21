//! The section `[network]` of a config file, with the sections of the encoders inside it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::config::NetworkConfig;
use crate::encoders::{EncoderKind, EncoderOptions};

impl Serialize for NetworkConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for NetworkConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (sections, keys): (Map<String, Value>, Map<String, Value>) =
            Map::deserialize(deserializer)?
                .into_iter()
                .partition(|(key, _)| EncoderKind::NAMES.contains(&key.as_str()));
        let mut config = named(keys, Self::deserialize).map_err(D::Error::custom)?;
        config.options = named(sections, EncoderOptions::deserialize).map_err(D::Error::custom)?;
        config.options.resolve(config.encoder);
        Ok(config)
    }
}

/// Reads a table; an error names the key that it is about, as those of TOML do.
fn named<T>(
    table: Map<String, Value>,
    read: impl Fn(Value) -> Result<T, serde_json::Error>,
) -> Result<T, String> {
    read(Value::Object(table.clone())).map_err(|error| {
        let fails = |key: &String, value: Value| {
            read(Value::Object(Map::from_iter([(key.clone(), value)]))).is_err()
        };
        let error = error.to_string();
        match table
            .into_iter()
            .find(|(key, value)| fails(key, value.clone()))
        {
            Some((key, _)) if !error.starts_with(&format!("unknown field `{key}`")) => {
                format!("{error}\nin `{key}`")
            }
            _ => error,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mixing;

    fn read(text: &str) -> Result<NetworkConfig, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_config_from_before_there_were_encoders_is_a_resnet() {
        let config = read(r#"{"mixing": "stacked", "stem_width": 24}"#).unwrap();
        assert_eq!(
            config,
            NetworkConfig {
                mixing: Mixing::Stacked,
                stem_width: 24,
                ..NetworkConfig::default()
            }
        );
        let text = serde_json::to_string(&config).unwrap();
        assert!(
            text.starts_with(r#"{"encoder":"resnet","mixing":"stacked","#),
            "{text}"
        );
        assert!(!text.contains("lstm"), "{text}");
    }

    #[test]
    fn the_section_of_the_chosen_encoder_is_written_out_and_no_other() {
        let config =
            read(r#"{"encoder": "lstm", "lstm": {"layers": 2}, "tcn": {"kernel": 5}}"#).unwrap();
        let written = serde_json::to_value(&config).unwrap();
        assert_eq!(written["encoder"], "lstm");
        assert_eq!(
            written["lstm"],
            serde_json::json!({"width": 64, "layers": 2, "bidirectional": false})
        );
        assert!(
            written.get("tcn").is_none() && written.get("gru").is_none(),
            "{written}"
        );
        assert_eq!(
            serde_json::from_value::<NetworkConfig>(written).unwrap(),
            config
        );
    }

    #[test]
    fn slips_in_the_encoder_are_errors() {
        let error = |text: &str| read(text).unwrap_err().to_string();
        assert!(
            error(r#"{"encoder": "rnn"}"#).starts_with(
                "unknown variant `rnn`, expected one of `resnet`, `lstm`, `gru`, `tcn`"
            )
        );
        assert!(
            error(r#"{"encodr": "lstm"}"#)
                .starts_with("unknown field `encodr`, expected one of `encoder`, `mixing`,")
        );
        assert!(error(r#"{"lstm": {"depth": 2}}"#).starts_with(
            "unknown field `depth`, expected one of `width`, `layers`, `bidirectional`"
        ));
        assert!(
            error(r#"{"resnet": {"kernel": 3}}"#)
                .starts_with("unknown field `resnet`, expected one of `lstm`, `gru`, `tcn`")
        );

        let unusable =
            |text: &str| crate::error::told(&read(text).unwrap().validate().unwrap_err());
        assert_eq!(
            unusable(r#"{"encoder": "lstm", "lstm": {"layers": 0}}"#),
            "lstm.layers is 0, expected from 1 to 64\nhint: set lstm.layers = 1 or more"
        );
        assert_eq!(
            unusable(r#"{"encoder": "gru", "gru": {"width": 5000}}"#),
            "gru.width is 5000, expected from 1 to 4096\nhint: set gru.width = 1 or more"
        );
        assert_eq!(
            unusable(r#"{"encoder": "tcn", "tcn": {"kernel": 0}}"#),
            "tcn.kernel is 0, expected from 1 to 4096\nhint: set tcn.kernel = 3"
        );
        assert_eq!(
            unusable(r#"{"encoder": "lstm", "lstm": {"width": 4096, "layers": 64}}"#),
            "lstm.width is 4096, with the other keys 8.6e9 weights, expected at most 2e8 weights\nhint: fewer or narrower layers"
        );
        let wide = format!(
            r#"{{"encoder": "tcn", "tcn": {{"widths": {:?}, "kernel": 99}}}}"#,
            [4096; 8]
        );
        assert!(unusable(&wide).contains("expected at most 2e8 weights"));
        for widths in ["[]", "[64, 0]", "[5000]"] {
            let message = unusable(&format!(
                r#"{{"encoder": "tcn", "tcn": {{"widths": {widths}}}}}"#
            ));
            assert!(
                message.starts_with(&format!("tcn.widths is {widths}, expected 1 to 24 widths")),
                "{message}"
            );
        }
        assert!(
            unusable(r#"{"encoder": "lstm", "dropout": 1.0}"#)
                .starts_with("dropout is 1, expected a probability")
        );
        assert_eq!(
            error(r#"{"mixing": "stacked", "stem_width": "wide"}"#),
            "invalid type: string \"wide\", expected usize\nin `stem_width`"
        );
        assert!(error(r#"{"gru": {"layers": -1}}"#).ends_with("\nin `gru`"));
        // What the chosen encoder does not look at cannot be wrong for it.
        read(r#"{"encoder": "gru", "tcn": {"kernel": 0}}"#)
            .unwrap()
            .validate()
            .unwrap();
    }
}

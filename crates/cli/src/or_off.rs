//! Settings that a number turns on and the word `off` turns off, such as `patience = "off"`.
//!
//! A key that is left out has its default, so where that is a number, a key says by a word that
//! there is none. In code it is an `Option`:
//!
//! ```
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Training {
//!     #[serde(with = "cli::or_off")]
//!     patience: Option<u64>,
//! }
//! # let training: Training = toml::from_str("patience = \"off\"")?;
//! # assert_eq!(training.patience, None);
//! # Ok::<(), toml::de::Error>(())
//! ```

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const OFF: &str = "off";

/// Writes the number, or `off`.
///
/// # Errors
/// What the serializer cannot hold.
pub fn serialize<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(number) => number.serialize(serializer),
        None => serializer.serialize_str(OFF),
    }
}

/// Reads a number, or `off`; the 0 that records of older versions hold is `off` too.
///
/// # Errors
/// Another word, or a number that `T` cannot hold.
pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct NumberOrOff<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for NumberOrOff<T> {
        type Value = Option<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number above 0, or \"off\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
            match text {
                OFF => Ok(None),
                _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
            }
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Option<T>, E> {
            number_above_zero(number == 0, number)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Option<T>, E> {
            number_above_zero(number == 0, number)
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Option<T>, E> {
            number_above_zero(number == 0.0, number)
        }
    }
    deserializer.deserialize_any(NumberOrOff(PhantomData))
}

fn number_above_zero<'de, T, N, E>(is_zero: bool, number: N) -> Result<Option<T>, E>
where
    T: Deserialize<'de>,
    N: IntoDeserializer<'de, E>,
    E: Error,
{
    if is_zero {
        return Ok(None);
    }
    T::deserialize(number.into_deserializer()).map(Some)
}

/// The JSON Schema of such a setting, for `#[schemars(with = "cli::OrOff<u64>")]`.
#[derive(Debug)]
pub struct OrOff<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrOff<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_off", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [number, { "type": "string", "const": OFF }] })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Setting {
        #[serde(with = "super")]
        patience: Option<u64>,
        #[serde(with = "super")]
        norm: Option<f32>,
    }

    fn read(text: &str) -> Result<Setting, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_number_or_off_is_read_and_written() {
        let on = Setting {
            patience: Some(3),
            norm: Some(2.0),
        };
        let off = Setting {
            patience: None,
            norm: None,
        };
        assert_eq!(read("patience = 3\nnorm = 2"), Ok(on));
        for text in [
            "patience = \"off\"\nnorm = \"off\"",
            "patience = 0\nnorm = 0.0",
        ] {
            assert_eq!(read(text).as_ref(), Ok(&off), "{text}");
        }
        let written = toml::to_string(&off).unwrap();
        assert_eq!(written, "patience = \"off\"\nnorm = \"off\"\n");
        assert_eq!(read(&written), Ok(off));
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(
            read("patience = \"never\"\nnorm = 1").unwrap_err(),
            "invalid value: string \"never\", expected a number above 0, or \"off\""
        );
        assert_eq!(
            read("patience = true\nnorm = 1").unwrap_err(),
            "invalid type: boolean `true`, expected a number above 0, or \"off\""
        );
        assert_eq!(
            read("patience = -1\nnorm = 1").unwrap_err(),
            "invalid value: integer `-1`, expected u64"
        );
    }
}

//! Settings that are a number or a word, such as `patience = "off"` and `folds = "all"`.
//!
//! A key that is left out has its default. Where that is a number, a key says by a word that there
//! is none. In code such a setting is an `Option`, and the word is `None`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const OFF: &str = "off";
const ALL: &str = "all";

/// A number, or the word `off` where there is none.
///
/// # Examples
/// ```
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Training {
///     #[serde(with = "notation::or_off")]
///     patience: Option<u64>,
/// }
/// # let training: Training = toml::from_str("patience = \"off\"")?;
/// # assert_eq!(training.patience, None);
/// # Ok::<(), toml::de::Error>(())
/// ```
pub mod or_off {
    use super::{Deserialize, Deserializer, OFF, Serialize, Serializer};

    /// Writes the number, or `off`.
    ///
    /// # Errors
    /// What the serializer cannot hold.
    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::serialize(value, OFF, serializer)
    }

    /// Reads a number, or `off`; the 0 that records of older versions hold is `off` too.
    ///
    /// # Errors
    /// Another word, or a number that `T` cannot hold.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        super::deserialize(OFF, deserializer)
    }
}

/// A number, or the word `all` where there is no limit.
pub mod or_all {
    use super::{ALL, Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the number, or `all`.
    ///
    /// # Errors
    /// What the serializer cannot hold.
    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::serialize(value, ALL, serializer)
    }

    /// Reads a number, or `all`; the 0 that files of older versions hold is `all` too.
    ///
    /// # Errors
    /// Another word, or a number that `T` cannot hold.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        super::deserialize(ALL, deserializer)
    }
}

fn serialize<T: Serialize, S: Serializer>(
    value: &Option<T>,
    word: &str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(number) => number.serialize(serializer),
        None => serializer.serialize_str(word),
    }
}

fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    word: &'static str,
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(NumberOrWord {
        word,
        number: PhantomData,
    })
}

struct NumberOrWord<T> {
    word: &'static str,
    number: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for NumberOrWord<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a number above 0, or \"{}\"", self.word)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        if text == self.word {
            Ok(None)
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
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

/// The JSON Schema of a number or `off`, for `#[schemars(with = "notation::OrOff<u64>")]`.
#[derive(Debug)]
pub struct OrOff<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrOff<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_off", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::<T>(OFF, generator)
    }
}

/// The JSON Schema of a number or `all`, for `#[schemars(with = "notation::OrAll<u64>")]`.
#[derive(Debug)]
pub struct OrAll<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrAll<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_all", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::<T>(ALL, generator)
    }
}

fn schema<T: JsonSchema>(word: &str, generator: &mut SchemaGenerator) -> Schema {
    let number = generator.subschema_for::<T>();
    json_schema!({ "anyOf": [number, { "type": "string", "const": word }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Setting {
        #[serde(with = "or_off")]
        patience: Option<u64>,
        #[serde(with = "or_off")]
        norm: Option<f32>,
        #[serde(with = "or_all")]
        folds: Option<usize>,
    }

    fn read(text: &str) -> Result<Setting, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_number_or_its_word_is_read_and_written() {
        let numbers = Setting {
            patience: Some(3),
            norm: Some(2.0),
            folds: Some(7),
        };
        let words = Setting {
            patience: None,
            norm: None,
            folds: None,
        };
        assert_eq!(read("patience = 3\nnorm = 2\nfolds = 7"), Ok(numbers));
        for text in [
            "patience = \"off\"\nnorm = \"off\"\nfolds = \"all\"",
            "patience = 0\nnorm = 0.0\nfolds = 0",
        ] {
            assert_eq!(read(text).as_ref(), Ok(&words), "{text}");
        }
        let written = toml::to_string(&words).unwrap();
        assert_eq!(
            written,
            "patience = \"off\"\nnorm = \"off\"\nfolds = \"all\"\n"
        );
        assert_eq!(read(&written), Ok(words));
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |text: &str| read(text).unwrap_err();
        assert_eq!(
            refused("patience = \"never\"\nnorm = 1\nfolds = 1"),
            "invalid value: string \"never\", expected a number above 0, or \"off\""
        );
        assert_eq!(
            refused("patience = true\nnorm = 1\nfolds = 1"),
            "invalid type: boolean `true`, expected a number above 0, or \"off\""
        );
        assert_eq!(
            refused("patience = -1\nnorm = 1\nfolds = 1"),
            "invalid value: integer `-1`, expected u64"
        );
        assert_eq!(
            refused("patience = 1\nnorm = 1\nfolds = \"off\""),
            "invalid value: string \"off\", expected a number above 0, or \"all\""
        );
    }
}

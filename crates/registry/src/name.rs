//! Names of models, versions and aliases, and references to an entry.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Longest name or alias.
const LONGEST: usize = 100;

/// The name of a model, all of whose versions share it, such as `spot20`: letters, digits, `.`, `_` and
/// `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName(String);

impl ModelName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        let begins = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        match begins && text.len() <= LONGEST && text.chars().all(fits) {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::Name {
                what: "a model's name",
                found: text.to_owned(),
                expected: "letters, digits, `.`, `_` and `-`, such as spot20",
            }),
        }
    }
}

/// A version by the rules of semantic versioning, such as `1.2.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelVersion(semver::Version);

impl ModelVersion {
    /// The next minor version, which a retraining of the same config has.
    pub fn next_minor(&self) -> Self {
        Self(semver::Version::new(self.0.major, self.0.minor + 1, 0))
    }

    /// The next patch, which the same model has that was fitted once more on all candles.
    pub fn next_patch(&self) -> Self {
        Self(semver::Version::new(
            self.0.major,
            self.0.minor,
            self.0.patch + 1,
        ))
    }
}

impl FromStr for ModelVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        semver::Version::parse(text)
            .map(Self)
            .map_err(|_| Error::Name {
                what: "a version",
                found: text.to_owned(),
                expected: "three numbers (semantic versioning), such as 1.2.0",
            })
    }
}

/// A name for the version that is to be used, such as `production`, by MLflow's rules: letters, digits, `_`
/// and `-`, and neither `latest` nor `v` with a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Alias(String);

impl Alias {
    /// The alias that retraining compares with and promotes to, unless it is told another.
    pub const PRODUCTION: &str = "production";

    /// The alias as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Alias {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let lower = text.to_ascii_lowercase();
        let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
        let is_taken = lower == "latest" || lower.strip_prefix('v').is_some_and(is_number);
        match !text.is_empty() && text.len() <= LONGEST && text.chars().all(fits) && !is_taken {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::Name {
                what: "an alias",
                found: text.to_owned(),
                expected: "letters, digits, `_` and `-`, neither `latest` nor `v` with a number, such \
                           as production",
            }),
        }
    }
}

/// Which version of a model is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The version that an alias names at the moment.
    Alias(Alias),
    /// This version.
    Version(ModelVersion),
}

/// A model and which of its versions: `spot20@production` or `spot20@1.2.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelReference {
    /// The model.
    pub name: ModelName,
    /// Its version.
    pub which: Which,
}

impl FromStr for ModelReference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let Some((name, which)) = text.split_once('@') else {
            return Err(Error::Name {
                what: "a registered model",
                found: text.to_owned(),
                expected: "NAME@ALIAS or NAME@VERSION, such as spot20@production",
            });
        };
        // A version begins with a digit and has dots, which no alias has.
        let which = match which.parse() {
            Ok(version) => Which::Version(version),
            Err(error) if which.contains('.') => return Err(error),
            Err(_) => Which::Alias(which.parse()?),
        };
        Ok(Self {
            name: name.parse()?,
            which,
        })
    }
}

impl fmt::Display for ModelReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Which::Alias(alias) => write!(formatter, "{}@{alias}", self.name),
            Which::Version(version) => write!(formatter, "{}@{version}", self.name),
        }
    }
}

/// What all names have: text in both directions.
macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}", self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    )*};
}

as_text!(ModelName, ModelVersion, Alias);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_name_and_an_alias_or_a_version() {
        let parsed = |text: &str| text.parse::<ModelReference>().map_err(|e| e.to_string());
        for text in ["spot20@production", "spot20@1.2.0", "a.b-c_d@1.0.0-rc.1"] {
            assert_eq!(parsed(text).unwrap().to_string(), text);
        }
        assert_eq!(
            parsed("spot20@1.2.0").unwrap().which,
            Which::Version("1.2.0".parse().unwrap())
        );
        assert_eq!(
            parsed("spot20@1.2").unwrap_err(),
            "a version is \"1.2\", expected three numbers (semantic versioning), such as 1.2.0"
        );
        for text in ["spot20", "@production", "spot20@", "a/b@production"] {
            parsed(text).unwrap_err();
        }
    }

    #[test]
    fn aliases_follow_mlflows_rules() {
        for text in ["production", "shadow_2", "v", "vega"] {
            text.parse::<Alias>().unwrap();
        }
        for text in ["", "latest", "Latest", "v1", "V12", "a b", "a.b", "a@b"] {
            text.parse::<Alias>().unwrap_err();
        }
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let version = |text: &str| text.parse::<ModelVersion>().unwrap();
        assert!(version("1.10.0") > version("1.9.3"));
        assert_eq!(version("1.9.3").next_minor(), version("1.10.0"));
        assert_eq!(version("1.9.3").next_patch(), version("1.9.4"));
    }
}

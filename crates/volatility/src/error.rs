//! What can go wrong in fitting and loading.

use std::path::PathBuf;

use thiserror::Error as ThisError;

/// An error of this crate; [`Error::hint`] is the way out.
#[derive(Debug, ThisError)]
pub enum Error {
    /// An option outside its range.
    #[error("{key} is {found}, expected {least} to {most}")]
    Option {
        /// Key with its section.
        key: &'static str,
        /// Value in the config.
        found: usize,
        /// Least value.
        least: usize,
        /// Largest value.
        most: usize,
    },
    /// A term that is not in the list, or more terms than the model has.
    #[error("volatility.terms has {found}, expected {expected}")]
    Terms {
        /// What is named.
        found: String,
        /// What can be named.
        expected: String,
    },
    /// A key with a value that these models are not made for.
    #[error("{key} is {found}, expected {expected} for `quarterhour volatility`")]
    Unfit {
        /// Key with its section.
        key: &'static str,
        /// Value in the config.
        found: String,
        /// What is expected.
        expected: String,
    },
    /// Too few rows before the first forecast.
    #[error(
        "{found} rows before {before} have all features and a target, or they do not differ; expected more than {expected}"
    )]
    TooFewRows {
        /// Time of the first forecast.
        before: String,
        /// Number of pairs of a time and a coin.
        found: usize,
        /// Number of coefficients.
        expected: usize,
    },
    /// A file of a fitted model that this version does not write.
    #[error("{}: {what} is {found}, expected {expected}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong in it.
        what: String,
        /// The value found.
        found: String,
        /// The value expected.
        expected: String,
    },
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Option { key, .. } => format!("--set {key}=VALUE"),
            Self::Terms { .. } => "--set 'volatility.terms=[\"lrv1\", \"lrv7\"]'".to_owned(),
            Self::Unfit { key, expected, .. } => {
                let first = expected.split(" or ").next().unwrap_or_default();
                format!("--set {key}={first}")
            }
            Self::TooFewRows { .. } => {
                "more candles or fewer folds: the features look 30 days back".to_owned()
            }
            Self::File { .. } => {
                "put back the run's own file, or fit it again with `quarterhour volatility --run RUN`"
                    .to_owned()
            }
        })
    }
}

//! What can go wrong in fitting and loading.

use std::path::PathBuf;

use thiserror::Error as ThisError;

/// An error of this crate; [`Error::hint`] is the way out.
#[derive(Debug, ThisError)]
pub enum Error {
    /// An option outside its range.
    #[error("{key} is {found}, expected a number above 0")]
    Option {
        /// Key with its section.
        key: &'static str,
        /// Value in the config.
        found: f64,
    },
    /// Another feature set than the one that the terms are of.
    #[error("features.set is {found}, expected relative")]
    FeatureSet {
        /// The set found.
        found: String,
    },
    /// No row has all features and a target before the first forecast.
    #[error(
        "fold {fold}: no row before {before} has all features and a target, expected at least one"
    )]
    NoRows {
        /// The fold's number.
        fold: usize,
        /// Time of the first refit.
        before: String,
    },
    /// A file of coefficients that this version does not write.
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
            Self::FeatureSet { .. } => "--set features.set=relative".to_owned(),
            Self::NoRows { .. } => {
                "more candles before it: the features look two days back".to_owned()
            }
            Self::File { .. } => {
                "put back the run's own file, or `quarterhour ridge --retrain --run RUN` fits it again".to_owned()
            }
        })
    }
}

//! What can go wrong in fitting and loading.

use std::path::PathBuf;

use thiserror::Error as ThisError;

/// An error of this crate.
#[derive(Debug, ThisError)]
pub enum Error {
    /// An option outside its range.
    #[error("{key} is {found}, expected a number above 0\nhint: --set {key}=VALUE")]
    Option {
        /// The key.
        key: &'static str,
        /// The value found.
        found: f64,
    },
    /// Another feature set than the one that the terms are of.
    #[error("features.set is {found}, expected relative\nhint: --set features.set=relative")]
    FeatureSet {
        /// The set found.
        found: String,
    },
    /// No row has all features and a target before the first forecast.
    #[error(
        "fold {fold}: no row before {before} has all features and a target, expected at least one\nhint: more candles \
         before it: the features look two days back"
    )]
    NoRows {
        /// The fold's number.
        fold: usize,
        /// Time of the first refit.
        before: String,
    },
    /// A file of coefficients that this version does not write.
    #[error("{}: {what} is {found}, expected {expected}\nhint: fit it again", file.display())]
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

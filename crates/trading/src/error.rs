//! Everything that can go wrong in this crate.

use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key of the config with a value that makes no sense.
    #[error("{key} is {found}, expected {expected}\nhint: correct it in the config file or with --set {key}=...")]
    Config {
        /// The key with its section.
        key: &'static str,
        /// The value.
        found: String,
        /// What would be right.
        expected: &'static str,
    },

    /// The ledger cannot be opened, read or written.
    #[error("{}: {reason}", path.display())]
    Ledger {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system says.
        reason: String,
    },

    /// Another process has the ledger.
    #[error(
        "{} is in use by another process\nhint: stop the other `predict --watch`, or give this one --ledger OTHER",
        path.display()
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },

    /// A ledger that another version of this project made.
    #[error(
        "{}: the ledger's version is {found}, expected {expected}\nhint: --ledger OTHER begins a new one",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The version of this build.
        expected: i64,
    },
}

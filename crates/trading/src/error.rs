//! Everything that can go wrong in this crate.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// An error of this crate; [`Error::hint`] is the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key of the config with a value that makes no sense.
    #[error("{key} is {found}, expected {expected}")]
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
        /// Message of SQLite or the system.
        reason: String,
        /// The way out, where there is one.
        hint: Option<String>,
    },

    /// Another program holds the database for the moment; what was to be written was not.
    #[error("{}: {reason}; another program holds it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// Message of SQLite.
        reason: String,
    },

    /// What is at a ledger's place, or at its lock's, is somebody else's.
    #[error("{}: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is there, and what was expected.
        reason: String,
        /// The way out, where there is one.
        hint: Option<String>,
    },

    /// Another process has the ledger.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },

    /// A ledger that another version of this project made.
    #[error("{}: the ledger's version is {found}, expected {expected}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The version of this build.
        expected: i64,
    },
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config { key, .. } => Some(format!(
                "correct it in the config file or with --set {key}=..."
            )),
            Self::Ledger { hint, .. } | Self::Foreign { hint, .. } => hint.clone(),
            Self::Busy { .. } => None,
            Self::InUse { .. } => Some(
                "stop the other `quarterhour watch`, or give this one --ledger OTHER".to_owned(),
            ),
            Self::Version { .. } => Some("--ledger OTHER begins a new one".to_owned()),
        }
    }

    /// An error of SQLite with the file that it is about.
    pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { path, reason }
            }
            _ => Self::Ledger {
                path,
                reason,
                hint: None,
            },
        }
    }
}

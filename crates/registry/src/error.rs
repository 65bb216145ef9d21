//! Everything that can go wrong in this crate.

use std::path::{Path, PathBuf};

/// An error of this crate; [`Error::hint`] is the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Text that is no name, version or alias.
    #[error("{what} is {found:?}, expected {expected}")]
    Name {
        /// What the text should be.
        what: &'static str,
        /// The text.
        found: String,
        /// What would be right.
        expected: &'static str,
    },

    /// The registry's file cannot be opened, read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Message of SQLite or the system.
        reason: String,
        /// The way out, where there is one.
        hint: Option<String>,
    },

    /// A registry of a newer build.
    #[error("{}: the registry's schema is of version {found}, expected at most {expected}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The version of this build.
        expected: i64,
    },

    /// No model, version or alias of this name.
    #[error("{}: found no {what} {found}, expected one of: {}", path.display(), listed(known))]
    Unknown {
        /// The registry.
        path: PathBuf,
        /// Model, version or alias.
        what: &'static str,
        /// What was asked for.
        found: String,
        /// Those that there are.
        known: Vec<String>,
    },

    /// A version that is there already.
    #[error("{name} {version} is registered already, as {}", run.display())]
    Taken {
        /// The model.
        name: String,
        /// The version.
        version: String,
        /// The run that it is.
        run: PathBuf,
    },

    /// An alias that was moved by somebody else in the meantime.
    #[error("{name}@{alias} is {found}, expected {expected}: another promotion came first")]
    Moved {
        /// The model.
        name: String,
        /// The alias.
        alias: String,
        /// The version that it names now.
        found: String,
        /// The version that the change is based on.
        expected: String,
    },

    /// A change that makes no sense as things are.
    #[error("{reason}")]
    Refused {
        /// What is asked for, and why it cannot be.
        reason: String,
        /// The way out.
        hint: String,
    },

    /// A file of a registered run that is not what it was.
    #[error(
        "{name} {version}: {} has SHA-256 {found}, expected {expected} as registered: the file was changed",
        file.display()
    )]
    Changed {
        /// The model.
        name: String,
        /// The version.
        version: String,
        /// The file.
        file: PathBuf,
        /// Its hash now; in words where it cannot be read.
        found: String,
        /// Its hash when the run was added.
        expected: String,
    },
}

fn listed(known: &[String]) -> String {
    match known {
        [] => "none is registered".to_owned(),
        known => known.join(", "),
    }
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Name { .. } => None,
            Self::File { hint, .. } => hint.clone(),
            Self::Schema { .. } => Some(
                "use the version that wrote it, or --registry OTHER (QUARTERHOUR_REGISTRY=OTHER) begins \
                 a new one"
                    .to_owned(),
            ),
            Self::Unknown { found, known, .. } => Some(
                cli::did_you_mean(found, known)
                    .unwrap_or_else(|| "`quarterhour models list` shows all of them".to_owned()),
            ),
            Self::Taken { name, .. } => {
                Some(format!("`quarterhour models show {name}` lists the versions; give this one the next"))
            }
            Self::Moved { name, .. } => Some(format!(
                "`quarterhour models show {name}` says who and why; promote again if it is still right"
            )),
            Self::Refused { hint, .. } => Some(hint.clone()),
            Self::Changed { name, .. } => Some(format!(
                "put the file back, or `quarterhour models rollback {name}` to the version before"
            )),
        }
    }

    /// An error of SQLite with the file that it is about.
    pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, ReadOnly};
        let hint = match error.sqlite_error_code() {
            Some(ReadOnly | CannotOpen) => {
                Some("forecasts go on; changes need a disk that can be written to")
            }
            Some(DatabaseBusy | DatabaseLocked) => Some("another program holds it; try again"),
            _ => None,
        };
        Self::File {
            path: path.to_owned(),
            reason: error.to_string(),
            hint: hint.map(str::to_owned),
        }
    }
}

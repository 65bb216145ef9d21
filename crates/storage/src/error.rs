//! What can go wrong with a file.

use std::path::{Path, PathBuf};

/// An error of this crate; [`Error::hint`] is the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read as what it should be, or may not be replaced.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// The way out, where there is one.
        hint: Option<String>,
    },
    /// Reading or writing failed.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File { hint, .. } => hint.clone(),
            Self::Io { .. } => None,
        }
    }

    /// What the system said about a file.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// A file with something wrong.
    pub fn file(path: &Path, reason: impl ToString) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.to_string(),
            hint: None,
        }
    }

    /// A file that is refused, with the way out.
    pub fn refused(path: &Path, reason: impl ToString, hint: &str) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.to_string(),
            hint: Some(hint.to_owned()),
        }
    }
}

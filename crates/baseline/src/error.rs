//! What can go wrong with LightGBM.

use std::path::PathBuf;

/// An error of the library or of a call; [`Error::hint`] is the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The library was found nowhere.
    #[error("LightGBM's library was not found: {tried}")]
    NoLibrary {
        /// Where it was looked for.
        tried: String,
    },
    /// `LIGHTGBM_LIB` names no file.
    #[error(
        "LIGHTGBM_LIB is {}, which is no file",
        path.display()
    )]
    NoLibraryAt {
        /// The file that is not there.
        path: PathBuf,
    },
    /// The library was found and could not be loaded.
    #[error(
        "cannot load LightGBM from {}: {reason}",
        path.display()
    )]
    Library {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// A call that LightGBM refused.
    #[error("LightGBM: {function}: {message}")]
    Call {
        /// The C function.
        function: &'static str,
        /// What it said.
        message: String,
    },
    /// More than LightGBM's interface can count.
    #[error("{found} {what}: LightGBM's interface counts to 2147483647")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
    },
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoLibrary { .. } => {
                "scripts/get-lightgbm fetches version 4.7.0 without root; LIGHTGBM_LIB=FILE says \
                 where another one is"
            }
            Self::NoLibraryAt { .. } => {
                "LIGHTGBM_LIB=$(scripts/get-lightgbm) fetches and names one"
            }
            Self::Library { .. } => {
                "it needs OpenMP (Debian and Ubuntu: apt-get install libgomp1; Fedora: dnf install \
                 libgomp); scripts/get-lightgbm fetches version 4.7.0"
            }
            Self::Call {
                function: "LGBM_BoosterCreate",
                ..
            } => "its parameters are in the section [lightgbm] of the config",
            Self::Call { .. } => return None,
            Self::TooMany { .. } => {
                "fewer coins or a shorter range (data.from, data.until), or split.scheme=rolling"
            }
        };
        Some(hint.to_owned())
    }
}

//! What can go wrong with a library of boosted trees.

use std::path::PathBuf;

use crate::Package;

/// An error of a library or of a call; [`Error::hint`] is the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The library was found nowhere.
    #[error("{}'s library was not found: {tried}", package.name)]
    NoLibrary {
        /// Which library.
        package: &'static Package,
        /// Where it was looked for.
        tried: String,
    },
    /// The variable that names the library's file names none.
    #[error("{} is {}, which is no file", package.variable, path.display())]
    NoLibraryAt {
        /// Which library.
        package: &'static Package,
        /// The file that is not there.
        path: PathBuf,
    },
    /// The library was found and could not be loaded.
    #[error("cannot load {} from {}: {reason}", package.name, path.display())]
    Library {
        /// Which library.
        package: &'static Package,
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// A call that the library refused.
    #[error("{}: {function}: {message}", package.name)]
    Call {
        /// Which library.
        package: &'static Package,
        /// The C function.
        function: &'static str,
        /// What it said.
        message: String,
    },
    /// More than a library's interface can count.
    #[error("{found} {what}: {}'s interface counts to 2147483647", package.name)]
    TooMany {
        /// Which library.
        package: &'static Package,
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
    },
}

impl Error {
    /// The way out: a command to run, or what to change.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoLibrary { package, .. } => format!(
                "{} fetches version {} without root; {}=FILE says where another one is",
                package.script, package.version, package.variable
            ),
            Self::NoLibraryAt { package, .. } => {
                format!(
                    "{}=$({}) fetches and names one",
                    package.variable, package.script
                )
            }
            Self::Library { package, .. } => format!(
                "it needs OpenMP (Debian and Ubuntu: apt-get install libgomp1; Fedora: dnf install \
                 libgomp); {} fetches version {}",
                package.script, package.version
            ),
            Self::Call {
                function: "LGBM_BoosterCreate",
                ..
            } => "its parameters are in the section [lightgbm] of the config".to_owned(),
            Self::Call {
                function: "XGBoosterSetParam" | "XGBoosterUpdateOneIter",
                ..
            } => "its parameters are in the section [xgboost] of the config".to_owned(),
            Self::Call { .. } => return None,
            Self::TooMany { .. } => {
                "fewer coins or a shorter range (data.from, data.until), or split.scheme=rolling"
                    .to_owned()
            }
        })
    }
}

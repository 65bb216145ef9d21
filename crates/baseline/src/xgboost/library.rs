//! XGBoost, loaded.
#![expect(unsafe_code, reason = "calls a C library")]

use std::ffi::CString;
use std::path::{Path, PathBuf};

use super::functions::Functions;
use super::package::PACKAGE;
use crate::{Error, c_library};

/// XGBoost, loaded.
#[derive(Debug)]
pub struct XgbLibrary {
    pub(super) functions: Functions,
    path: PathBuf,
}

impl XgbLibrary {
    /// Loads the library: `XGBOOST_LIB`, else one in `../lib` beside the program's folder, else what
    /// `scripts/get-xgboost` fetched, else that of an installed Python package of the same version. It stays loaded until the process ends.
    ///
    /// Call it before other threads start: it sets `OMP_WAIT_POLICY` unless it is set.
    ///
    /// # Errors
    /// [`Error::NoLibrary`] where there is none, [`Error::Library`] where it cannot be loaded.
    pub fn open() -> Result<&'static Self, Error> {
        let (functions, path) = PACKAGE.load(Functions::load)?;
        let silent = c_text("config", "{\"verbosity\": 0}")?;
        // SAFETY: the text ends in 0.
        let returned = unsafe { (functions.XGBSetGlobalConfig)(silent.as_ptr()) };
        functions.check("XGBSetGlobalConfig", returned)?;
        Ok(Box::leak(Box::new(Self { functions, path })))
    }

    /// The file that was loaded.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A text for the library.
pub(super) fn c_text(what: &'static str, text: &str) -> Result<CString, Error> {
    c_library::c_text(&PACKAGE, what, text)
}

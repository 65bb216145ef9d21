//! LightGBM, loaded.
#![expect(unsafe_code, reason = "calls a C library")]

use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::path::{Path, PathBuf};

use super::functions::Functions;
use super::package::PACKAGE;
use crate::{Error, c_library};

/// LightGBM, loaded.
#[derive(Debug)]
pub struct Library {
    pub(super) functions: Functions,
    path: PathBuf,
}

impl Library {
    /// Loads the library: `LIGHTGBM_LIB`, else that of a release (`../lib` beside the program's folder), else
    /// what `scripts/get-lightgbm` fetched, else that of an installed Python package of
    /// [`VERSION`](super::VERSION). It stays loaded until the process ends.
    ///
    /// Call it before other threads start: it sets `OMP_WAIT_POLICY` unless it is set.
    ///
    /// # Errors
    /// [`Error::NoLibrary`] where there is none, [`Error::Library`] where it cannot be loaded.
    pub fn open() -> Result<&'static Self, Error> {
        let (functions, path) = PACKAGE.load(Functions::load)?;
        functions.silence()?;
        Ok(Box::leak(Box::new(Self { functions, path })))
    }

    /// The file that was loaded.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All parameters that LightGBM knows: the name of each name and alias.
    ///
    /// # Errors
    /// A library that does not answer as it should.
    pub fn parameter_names(&self) -> Result<BTreeMap<String, String>, Error> {
        const CALL: &str = "LGBM_DumpParamAliases";
        let functions = &self.functions;
        let json = text(|size, length, out| {
            // SAFETY: `out` holds `size` bytes.
            functions.check(CALL, unsafe {
                (functions.LGBM_DumpParamAliases)(size, length, out)
            })
        })?;
        let aliases: BTreeMap<String, Vec<String>> =
            serde_json::from_str(&json).map_err(|error| Error::Call {
                package: &PACKAGE,
                function: CALL,
                message: format!("answered no JSON: {error}"),
            })?;
        let with_own = |(name, mut aliases): (String, Vec<String>)| {
            aliases.push(name.clone());
            aliases.into_iter().map(move |alias| (alias, name.clone()))
        };
        Ok(aliases.into_iter().flat_map(with_own).collect())
    }
}

/// A text of unknown length: asks for it with a buffer, and again with a longer one if it did not
/// fit.
pub(super) fn text(
    mut ask: impl FnMut(i64, *mut i64, *mut c_char) -> Result<(), Error>,
) -> Result<String, Error> {
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let mut length = 0i64;
        ask(
            buffer.len() as i64,
            &raw mut length,
            buffer.as_mut_ptr().cast(),
        )?;
        // The length counts the closing 0.
        let length = usize::try_from(length).unwrap_or(0);
        if length <= buffer.len() {
            buffer.truncate(length.saturating_sub(1));
            return Ok(String::from_utf8_lossy(&buffer).into_owned());
        }
        buffer = vec![0u8; length];
    }
}

/// A text for the library.
pub(super) fn c_text(what: &'static str, text: &str) -> Result<CString, Error> {
    c_library::c_text(&PACKAGE, what, text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::c_text;

    #[test]
    fn a_zero_byte_is_named_by_its_place() {
        let error = c_text("LGBM_BoosterLoadModelFromString", "tree\0version=v4").unwrap_err();
        assert_eq!(
            error.to_string().lines().next().unwrap(),
            "LightGBM: LGBM_BoosterLoadModelFromString: the text holds a 0 byte, at 4"
        );
    }
}

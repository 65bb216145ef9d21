//! Finding and loading the library.
#![expect(unsafe_code, reason = "loads a C library")]

use std::collections::BTreeMap;
use std::env;
use std::ffi::{CString, c_char};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::functions::Functions;
use crate::Error;

/// The version whose interface and results this crate was tested with.
pub const VERSION: &str = "4.7.0";

/// Where `scripts/get-lightgbm` puts the library, under the user's cache folder.
const FOLDER: &str = "quarterhour/lightgbm-4.7.0";

/// LightGBM, loaded.
#[derive(Debug)]
pub struct Library {
    pub(super) functions: Functions,
    path: PathBuf,
}

impl Library {
    /// Loads the library: `LIGHTGBM_LIB`, else what `scripts/get-lightgbm` fetched, else that of an
    /// installed Python package of [`VERSION`]. It stays loaded until the process ends.
    ///
    /// Call it before other threads start: it sets `OMP_WAIT_POLICY` unless it is set.
    ///
    /// # Errors
    /// [`Error::NoLibrary`] where there is none, [`Error::Library`] where it cannot be loaded.
    pub fn open() -> Result<&'static Self, Error> {
        if env::var_os("OMP_WAIT_POLICY").is_none() {
            // OpenMP's threads otherwise spin while they wait: 6 to 7 times slower was measured on
            // a busy machine.
            // SAFETY: callers do this first, while the process has one thread.
            unsafe { env::set_var("OMP_WAIT_POLICY", "passive") };
        }
        let path = find()?;
        let refused = |error: libloading::Error| Error::Library {
            path: path.clone(),
            reason: error.to_string(),
        };
        // SAFETY: initializers of LightGBM and OpenMP have no preconditions.
        let library = unsafe { libloading::Library::new(&path) }.map_err(refused)?;
        let functions = Functions::load(&library).map_err(refused)?;
        functions.silence()?;
        // OpenMP's threads outlive every call, so the library must never go away.
        std::mem::forget(library);
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
    CString::new(text).map_err(|error| Error::Call {
        function: what,
        message: format!("the text holds a 0 byte, at {}", error.nul_position()),
    })
}

fn find() -> Result<PathBuf, Error> {
    if let Some(path) = env::var_os("LIGHTGBM_LIB").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(Error::NoLibraryAt { path })
        };
    }
    let fetched = cache_folder().map(|folder| folder.join(FOLDER).join(file_name()));
    if let Some(path) = fetched.as_ref().filter(|path| path.is_file()) {
        return Ok(path.clone());
    }
    let mut tried = vec!["LIGHTGBM_LIB is not set".to_owned()];
    tried.extend(fetched.map(|path| format!("{} is not there", path.display())));
    match of_python() {
        Ok(path) => return Ok(path),
        Err(reason) => tried.push(reason),
    }
    Err(Error::NoLibrary {
        tried: tried.join("; "),
    })
}

fn file_name() -> &'static str {
    match env::consts::OS {
        "windows" => "lib_lightgbm.dll",
        "macos" => "lib_lightgbm.dylib",
        _ => "lib_lightgbm.so",
    }
}

fn cache_folder() -> Option<PathBuf> {
    let of = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if cfg!(windows) {
        of("LOCALAPPDATA")
    } else {
        of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")))
    }
}

/// The library of the Python package, if it is installed in our version.
fn of_python() -> Result<PathBuf, String> {
    // The package is not imported: that would load it, and scikit-learn with it.
    // Isolated (-I), as otherwise a file of the working folder would be imported in the place of
    // Python's own.
    const QUESTION: &str = "import site, sys; sys.path.append(site.getusersitepackages()); \
                            import importlib.metadata as m, importlib.util as u; \
                            print(m.version('lightgbm')); print(u.find_spec('lightgbm').submodule_search_locations[0])";
    for python in ["python3", "python"] {
        let asked = Command::new(python)
            .args(["-I", "-c", QUESTION])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let Ok(answer) = asked else { continue };
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let mut lines = text.lines();
        let (Some(version), Some(folder)) = (lines.next(), lines.next()) else {
            continue;
        };
        if version != VERSION {
            return Err(format!(
                "{python} has lightgbm {version}, expected {VERSION}"
            ));
        }
        let path = Path::new(folder).join("lib").join(file_name());
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("{} is not there", path.display()))
        };
    }
    Err("no python3 that has the package lightgbm".to_owned())
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

//! Finding and loading a C library that a Python package ships.
#![expect(unsafe_code, reason = "loads a C library")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Package};

impl Package {
    /// Loads the library: the file that the variable names, else that of a release (`../lib` beside the
    /// program's folder), else what the script fetched, else that of an installed Python package of this
    /// version.
    ///
    /// Call it before other threads start: it sets `OMP_WAIT_POLICY` unless it is set.
    pub(crate) fn load<T>(
        &'static self,
        look_up: impl FnOnce(&libloading::Library) -> Result<T, libloading::Error>,
    ) -> Result<(T, PathBuf), Error> {
        if env::var_os("OMP_WAIT_POLICY").is_none() {
            // OpenMP's threads otherwise spin while they wait: 6 to 7 times slower was measured on
            // a busy machine.
            // SAFETY: callers do this first, while the process has one thread.
            unsafe { env::set_var("OMP_WAIT_POLICY", "passive") };
        }
        let path = self.find()?;
        let refused = |error: libloading::Error| Error::Library {
            package: self,
            path: path.clone(),
            reason: error.to_string(),
        };
        // SAFETY: initializers of these libraries and of OpenMP have no preconditions.
        let library = unsafe { libloading::Library::new(&path) }.map_err(refused)?;
        let functions = look_up(&library).map_err(refused)?;
        // OpenMP's threads outlive every call, so the library must never go away.
        std::mem::forget(library);
        Ok((functions, path))
    }

    fn find(&'static self) -> Result<PathBuf, Error> {
        if let Some(path) = env::var_os(self.variable).filter(|path| !path.is_empty()) {
            let path = PathBuf::from(path);
            return if path.is_file() {
                Ok(path)
            } else {
                Err(Error::NoLibraryAt {
                    package: self,
                    path,
                })
            };
        }
        let fetched = cache_folder().map(|folder| folder.join(self.folder));
        let folders = [release_folder(), fetched].into_iter().flatten();
        let paths: Vec<PathBuf> = folders
            .map(|folder| folder.join(self.file_name()))
            .collect();
        if let Some(path) = paths.iter().find(|path| path.is_file()) {
            return Ok(path.clone());
        }
        let mut tried = vec![format!("{} is not set", self.variable)];
        tried.extend(
            paths
                .iter()
                .map(|path| format!("{} is not there", path.display())),
        );
        match self.of_python() {
            Ok(path) => return Ok(path),
            Err(reason) => tried.push(reason),
        }
        Err(Error::NoLibrary {
            package: self,
            tried: tried.join("; "),
        })
    }

    fn file_name(&self) -> &'static str {
        let [linux, macos, windows] = self.files;
        match env::consts::OS {
            "windows" => windows,
            "macos" => macos,
            _ => linux,
        }
    }

    /// The library of the Python package, if it is installed in our version.
    fn of_python(&self) -> Result<PathBuf, String> {
        let module = self.module;
        // The package is not imported: that would load it, and scikit-learn with it.
        // Isolated (-I), as otherwise a file of the working folder would be imported in the place of
        // Python's own.
        let question = format!(
            "import site, sys; sys.path.append(site.getusersitepackages())\n\
             import importlib.metadata as m, importlib.util as u\n\
             for name in {:?}:\n \
             try: print(m.version(name)); break\n \
             except m.PackageNotFoundError: pass\n\
             print(u.find_spec({module:?}).submodule_search_locations[0])",
            self.distributions
        );
        for python in ["python3", "python"] {
            let asked = Command::new(python)
                .args(["-I", "-c", &question])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .output();
            let Ok(answer) = asked else { continue };
            let text = String::from_utf8_lossy(&answer.stdout).into_owned();
            let mut lines = text.lines();
            let (Some(version), Some(folder)) = (lines.next(), lines.next()) else {
                continue;
            };
            if version != self.version {
                return Err(format!(
                    "{python} has {module} {version}, expected {}",
                    self.version
                ));
            }
            let path = Path::new(folder).join("lib").join(self.file_name());
            return if path.is_file() {
                Ok(path)
            } else {
                Err(format!("{} is not there", path.display()))
            };
        }
        Err(format!("no python3 that has the package {module}"))
    }
}

/// Where a release has its libraries: `lib` beside the folder `bin` of the program, which a link may
/// lead to.
fn release_folder() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.canonicalize().ok()?;
    Some(program.parent()?.parent()?.join("lib"))
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

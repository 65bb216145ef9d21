//! The C libraries that Python packages ship.

/// A C library that a Python package ships, and where it is looked for.
#[derive(Debug)]
pub struct Package {
    /// Its name in messages.
    pub name: &'static str,
    /// The version whose interface and results this crate was tested with.
    pub version: &'static str,
    /// The environment variable that names its file.
    pub variable: &'static str,
    /// The script that fetches it.
    pub script: &'static str,
    /// Where the script puts it, under the user's cache folder.
    pub folder: &'static str,
    /// Its file on Linux, macOS and Windows.
    pub files: [&'static str; 3],
    /// The Python module whose folder holds it.
    pub module: &'static str,
    /// The Python packages that have this module.
    pub distributions: &'static [&'static str],
}

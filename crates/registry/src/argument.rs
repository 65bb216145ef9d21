//! The one place where an argument of the command line becomes the folder of a run.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::{Entry, Error, ModelName, ModelReference, ModelVersion, Registry};

/// The variable that names the registry's file.
const VARIABLE: &str = "QUARTERHOUR_REGISTRY";

/// The registry's file without it.
const DEFAULT: &str = "checkpoints/registry.sqlite";

/// The registry's file: the one given, else that of `QUARTERHOUR_REGISTRY`, else
/// `checkpoints/registry.sqlite`.
pub fn registry_path(given: Option<&Path>) -> PathBuf {
    let named = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    match (given, named) {
        (Some(path), _) => path.to_owned(),
        (None, Some(path)) => path.into(),
        (None, None) => DEFAULT.into(),
    }
}

/// A run as an argument names it: a folder, or a registered model such as `spot20@production`.
#[derive(Debug, Clone)]
pub struct RunArgument {
    /// The folder.
    pub folder: PathBuf,
    /// The registered model, where the argument names one.
    pub model: Option<NamedModel>,
}

/// A registered model that an argument names.
#[derive(Debug, Clone)]
pub struct NamedModel {
    /// The registry's file.
    pub registry: PathBuf,
    /// What the argument says.
    pub reference: ModelReference,
    /// The model.
    pub name: ModelName,
    /// The version that it was when it was looked up.
    pub version: ModelVersion,
}

impl NamedModel {
    /// What the reference names in the registry, with its files checked.
    ///
    /// # Errors
    /// As [`Registry::resolve`] and [`Entry::verify`].
    pub fn resolve(registry: &Path, reference: &ModelReference) -> Result<(Entry, Self), Error> {
        let found = Registry::read_only(registry)?.resolve(reference)?;
        if found.is_retired {
            cli::warn(format!(
                "{} {} is retired; `quarterhour models list` shows what is in use",
                found.entry.name, found.entry.version
            ));
        }
        found.entry.verify()?;
        let named = Self {
            registry: registry.to_owned(),
            reference: reference.clone(),
            name: found.entry.name.clone(),
            version: found.entry.version.clone(),
        };
        Ok((found.entry, named))
    }
}

impl FromStr for RunArgument {
    type Err = Error;

    /// What is a folder is one, whatever its name.
    fn from_str(text: &str) -> Result<Self, Error> {
        let folder = PathBuf::from(text);
        let is_model = text.contains('@') && !text.contains('/') && !folder.exists();
        if !is_model {
            return Ok(Self {
                folder,
                model: None,
            });
        }
        let (entry, model) = NamedModel::resolve(&registry_path(None), &text.parse()?)?;
        Ok(Self {
            folder: entry.run,
            model: Some(model),
        })
    }
}

impl Deref for RunArgument {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.folder
    }
}

/// The folder of a run that an argument names: for commands that need no more of it.
///
/// # Errors
/// As [`NamedModel::resolve`].
pub fn run_folder(text: &str) -> Result<PathBuf, Error> {
    text.parse::<RunArgument>().map(|run| run.folder)
}

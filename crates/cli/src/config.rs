//! One TOML schema for all binaries: built-in defaults, then the file, then `--set key=value`.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::secret::{SECRET_SECTION, hide, shown_key, shown_override, without_secrets};
use crate::section_list::{LISTS, check_list, named_section};
use crate::sections::SECTIONS;
use crate::{WithHint, did_you_mean, exclusive, renamed, usage};

/// Where the configuration comes from: the arguments that every binary takes.
#[derive(Clone, Default, clap::Args)]
pub struct ConfigArgs {
    /// Config file; what it leaves out has the built-in default
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Overrides one key, for instance --set target.horizon=30m (may be repeated); nothing behind
    /// the = takes the key out
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl ConfigArgs {
    /// The config file's name without folder and extension, or `default`.
    pub fn name(&self) -> String {
        let stem = self.config.as_deref().and_then(Path::file_stem);
        stem.map_or_else(
            || "default".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        )
    }

    /// Reads the file, applies the overrides and checks the names of the sections.
    ///
    /// # Errors
    /// An unreadable file, text that is not TOML, an unknown section, an override without `=`.
    pub fn load(&self) -> anyhow::Result<ConfigTable> {
        let mut config = match &self.config {
            Some(path) => ConfigTable::read(path)?,
            None => ConfigTable {
                origin: "the built-in defaults".to_owned(),
                table: Table::new(),
                overrides: Vec::new(),
            },
        };
        config.apply(&self.set)?;
        Ok(config)
    }
}

/// A configuration before its sections are typed.
#[derive(Clone)]
pub struct ConfigTable {
    /// The file, or what stands in its place.
    origin: String,
    table: Table,
    /// The `key=value` texts that were applied, so that a slip in one is not blamed on the file.
    overrides: Vec<String>,
}

impl ConfigTable {
    /// Reads one TOML file.
    ///
    /// # Errors
    /// As [`ConfigArgs::load`].
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let origin = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read config file {origin}"))
            .hint("ls configs/ shows the configs that come with the project")
            .map_err(usage)?;
        let mut table: Table = toml::from_str(&text)
            .map_err(|error| {
                anyhow!(
                    "{origin} is not valid TOML: {}",
                    without_secrets(&error, &text)
                )
            })
            .hint("configs/ has examples")
            .map_err(usage)?;
        // Only a run's own file has this section.
        if table.contains_key("run") {
            renamed::upgrade(&mut table);
        }
        let config = Self {
            origin,
            table,
            overrides: Vec::new(),
        };
        config.check_sections()?;
        config.check_keys()?;
        Ok(config)
    }

    /// Applies `key=value` overrides; a value that is no TOML value is taken as a string, and
    /// `key=` takes the key out.
    ///
    /// # Errors
    /// An override without `=`, a key without a section, an unknown section.
    pub fn apply(&mut self, overrides: &[String]) -> anyhow::Result<()> {
        for text in overrides {
            self.set(text).map_err(usage)?;
            self.overrides.push(text.clone());
        }
        self.check_sections()?;
        self.check_keys()
    }

    /// Refuses keys as older versions had them, and two keys where one is expected; those of a
    /// run's own file are up to date by now.
    fn check_keys(&self) -> anyhow::Result<()> {
        let of_key = |key: &str| {
            self.overrides.iter().find(|text| {
                let (set, _) = text.split_once('=').unwrap_or((text, ""));
                set.trim() == key
            })
        };
        let origin = |key: &str| {
            of_key(key).map_or_else(|| self.origin.clone(), |text| shown_override(text))
        };
        renamed::refuse(&self.table, origin)?;
        exclusive::refuse(&self.table, |key| of_key(key).is_some(), origin)
    }

    fn set(&mut self, text: &str) -> anyhow::Result<()> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(anyhow!("{}: expected key=value", shown_override(text))
                .hint("for instance --set target.horizon=30m"));
        };
        let value = toml::from_str::<Table>(&format!("value = {value}"))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(|| Value::String(value.to_owned()));
        let mut path: Vec<&str> = key.trim().split('.').collect();
        let last = path.pop().unwrap_or_default();
        if path.is_empty() || last.is_empty() {
            return Err(anyhow!(
                "{}: found key `{}`, expected section.key",
                shown_override(text),
                shown_key(key)
            )
            .hint("for instance --set data.dir=other"));
        }
        let mut table = &mut self.table;
        let mut parts = path.into_iter();
        while let Some(part) = parts.next() {
            let entry = table
                .entry(part.to_owned())
                .or_insert_with(|| Value::Table(Table::new()));
            table = match entry {
                Value::Table(table) => table,
                Value::Array(list) => named_section(list, part, parts.next())
                    .map_err(|error| error.context(shown_override(text)))?,
                _ => {
                    let said = shown_override(text);
                    let error = anyhow!("{said}: `{part}` is a value, expected a section");
                    return Err(error.hint("for instance --set data.dir=other"));
                }
            };
        }
        if value.as_str() == Some("") {
            table.remove(last);
        } else {
            table.insert(last.to_owned(), value);
        }
        Ok(())
    }

    fn check_sections(&self) -> anyhow::Result<()> {
        for (name, value) in &self.table {
            let is_list = LISTS.contains(&name.as_str());
            if is_list {
                check_list(name, value).map_err(|error| error.context(self.origin.clone()))?;
            }
            if !is_list && (!SECTIONS.contains(&name.as_str()) || !value.is_table()) {
                let blamed = self
                    .overrides
                    .iter()
                    .find(|text| text.trim_start().starts_with(name.as_str()));
                let origin =
                    blamed.map_or_else(|| self.origin.clone(), |text| shown_override(text));
                let hint = did_you_mean(name, SECTIONS).unwrap_or_else(|| {
                    "keys stand under a section, as in [target] horizon = \"15m\"".to_owned()
                });
                let error = anyhow!(
                    "{origin}: unknown section `{}`, expected one of {}",
                    shown_key(name),
                    SECTIONS.join(", ")
                );
                return Err(usage(error.hint(hint)));
            }
        }
        Ok(())
    }

    /// All sections that `T` has a field for, as one type.
    ///
    /// # Errors
    /// As [`ConfigTable::section`].
    pub fn parse<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        let table = Value::Table(self.table.clone());
        table
            .try_into()
            .map_err(|error: toml::de::Error| self.unfit(None, &error))
    }

    /// One section as its type; a section that is not there has its defaults.
    ///
    /// # Errors
    /// An unknown key or a value of the wrong type, named with the section.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<T> {
        let value = self
            .table
            .get(name)
            .cloned()
            .unwrap_or_else(|| Value::Table(Table::new()));
        value
            .try_into()
            .map_err(|error| self.unfit(Some(name), &error))
    }

    /// The sections of a list, such as `[[panel]]`, each as its type; none where there are none.
    ///
    /// # Errors
    /// As [`ConfigTable::section`].
    pub fn sections<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<Vec<T>> {
        let value = self.table.get(name).cloned();
        let list = value.unwrap_or_else(|| Value::Array(Vec::new()));
        list.try_into()
            .map_err(|error| self.unfit(Some(name), &error))
    }

    /// A config file that says the same, without the section that holds secrets.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        let mut table = self.table.clone();
        table.remove(SECRET_SECTION);
        Ok(toml::to_string(&table)?)
    }

    fn unfit(&self, section: Option<&str>, error: &toml::de::Error) -> anyhow::Error {
        let said = error.to_string();
        let text = said.trim_end();
        let names = quoted(text);
        let unknown = text.starts_with("unknown ");
        // What is known is named too, after the key that is not. The last override of a key wins.
        let named = if text.starts_with("unknown field") {
            &names[..1.min(names.len())]
        } else {
            &names
        };
        let blamed = self
            .overrides
            .iter()
            .rfind(|text| is_override_of(text, section, named));
        let origin = match (blamed, section) {
            (Some(text), _) => shown_override(text),
            (None, Some(section)) => format!("{}, section [{section}]", self.origin),
            (None, None) => self.origin.clone(),
        };
        let meant = match names.split_first() {
            Some((found, known)) if unknown => did_you_mean(found, known),
            _ => None,
        };
        let hint = meant.unwrap_or_else(|| match blamed {
            Some(_) => "configs/ has examples".to_owned(),
            None => format!(
                "correct it there or with --set {}.KEY=VALUE; configs/ has examples",
                section.unwrap_or("SECTION")
            ),
        });
        let text = hide(text, &self.table, &self.overrides);
        usage(anyhow!("{origin}: {text}").hint(hint))
    }
}

/// The names between backticks in a message of the TOML reader, in order: the unknown key comes
/// before the known ones.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

/// Returns true when `text`, a `key=value` override, sets the key that a message about `section`
/// names.
fn is_override_of(text: &str, section: Option<&str>, names: &[&str]) -> bool {
    let key = text.split('=').next().unwrap_or_default().trim();
    let in_section = section.is_none_or(|section| key.split('.').next() == Some(section));
    let ends_in = |name: &&str| {
        let before = key.strip_suffix(name);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    in_section && names.iter().any(ends_in)
}

/// Without values: the file or an override may hold a secret.
impl fmt::Debug for ConfigTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections: Vec<&String> = self.table.keys().collect();
        let mut shown = formatter.debug_struct("ConfigTable");
        shown.field("origin", &self.origin);
        shown.field("sections", &sections).finish_non_exhaustive()
    }
}

/// Overrides without what may be a secret.
impl fmt::Debug for ConfigArgs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let overrides: Vec<String> = self.set.iter().map(|text| shown_override(text)).collect();
        let mut shown = formatter.debug_struct("ConfigArgs");
        shown.field("config", &self.config);
        shown.field("set", &overrides).finish()
    }
}

/// The keys of a config as `section.key`, each with its value as text, without the section that holds
/// secrets.
///
/// # Errors
/// Text that is not TOML.
pub fn flattened(config: &str) -> anyhow::Result<Vec<(String, String)>> {
    fn walk(prefix: &str, table: &Table, keys: &mut Vec<(String, String)>) {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            match value {
                Value::Table(table) => walk(&key, table, keys),
                Value::String(text) => keys.push((key, text.clone())),
                other => keys.push((key, other.to_string())),
            }
        }
    }
    let mut keys = Vec::new();
    let mut table: Table = toml::from_str(config)?;
    table.remove(SECRET_SECTION);
    walk("", &table, &mut keys);
    Ok(keys)
}

#[cfg(test)]
mod tests;

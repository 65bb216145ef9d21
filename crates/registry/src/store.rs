//! The registry: versions, aliases, and a history that only grows.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::rows::{history, listed, retired, version_at, version_of};
use crate::{
    Alias, Change, Entry, Error, HistoryLine, Listed, ModelName, ModelReference, ModelVersion,
    Promotion, Which,
};

/// The versions of models and their aliases, in one SQLite file.
///
/// Every change is one transaction that is on disk before the call returns, so that a kill at any moment
/// leaves each alias on exactly one whole version.
#[derive(Debug)]
pub struct Registry {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
}

impl Registry {
    /// Adds versions and moves an alias to each that has a promotion, all in one transaction.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Moved`], a folder that is not there, what SQLite says.
    pub fn add_all(
        &mut self,
        entries: &[(Entry, Option<Promotion>)],
        change: &Change,
    ) -> Result<(), Error> {
        let stored: Vec<Entry> = (entries.iter())
            .map(|(entry, _)| {
                let run = self.stored_path(&entry.run)?;
                Ok(Entry {
                    run,
                    ..entry.clone()
                })
            })
            .collect::<Result<_, Error>>()?;
        let path = self.path.clone();
        let tx = self.begin()?;
        for (entry, (_, promotion)) in stored.iter().zip(entries) {
            add_entry(&tx, &path, entry, change)?;
            if let Some(promotion) = promotion {
                let key = (&entry.name, &entry.version);
                move_alias(&tx, &path, key, promotion, change, "promote")?;
            }
        }
        tx.commit().map_err(|error| Error::sqlite(&path, &error))
    }

    /// Adds a version.
    ///
    /// # Errors
    /// As [`Registry::add_all`].
    pub fn add(&mut self, entry: &Entry, change: &Change) -> Result<(), Error> {
        self.add_all(&[(entry.clone(), None)], change)
    }

    /// Moves an alias to a version.
    ///
    /// # Errors
    /// [`Error::Moved`] where the alias no longer names the expected version; a version that is not there,
    /// is retired or has the alias already; what SQLite says.
    pub fn promote(
        &mut self,
        (name, version): (&ModelName, &ModelVersion),
        promotion: &Promotion,
        change: &Change,
    ) -> Result<(), Error> {
        self.known_version(name, version)?;
        let path = self.path.clone();
        let tx = self.begin()?;
        move_alias(&tx, &path, (name, version), promotion, change, "promote")?;
        tx.commit().map_err(|error| Error::sqlite(&path, &error))
    }

    /// Moves an alias back to the version that it named before the current one was promoted, and returns
    /// both, the current one first.
    ///
    /// # Errors
    /// An alias that names nothing, or for which there is no earlier version that is not retired.
    pub fn rollback(
        &mut self,
        name: &ModelName,
        alias: &Alias,
        change: &Change,
    ) -> Result<[ModelVersion; 2], Error> {
        let current = self.version_of(name, alias)?;
        let path = self.path.clone();
        let tx = self.begin()?;
        let failed = |error: rusqlite::Error| Error::sqlite(&path, &error);
        let (mut last, mut before) = (i64::MAX, current.clone());
        loop {
            (last, before) = promoted_over(&tx, (name, alias), &before, last)
                .map_err(failed)?
                .ok_or_else(|| Error::Refused {
                    reason: format!(
                        "{name}@{alias} is {current}, and no version before it that is not retired \
                         was ever {alias}"
                    ),
                    hint: format!(
                        "`quarterhour models promote {name} VERSION --alias {alias}` names one"
                    ),
                })?;
            let is_retired = retired(&tx, name, &before).map_err(failed)?;
            if before != current && is_retired == Some(false) {
                break;
            }
        }
        let promotion = Promotion {
            alias: alias.clone(),
            expected: Some(current.clone()),
        };
        move_alias(&tx, &path, (name, &before), &promotion, change, "rollback")?;
        tx.commit().map_err(failed)?;
        Ok([current, before])
    }

    /// Marks a version as no longer to be used.
    ///
    /// # Errors
    /// A version that is not there, that an alias names, or that is retired already.
    pub fn retire(
        &mut self,
        (name, version): (&ModelName, &ModelVersion),
        change: &Change,
    ) -> Result<(), Error> {
        self.known_version(name, version)?;
        let path = self.path.clone();
        let tx = self.begin()?;
        let failed = |error: rusqlite::Error| Error::sqlite(&path, &error);
        let sql = "SELECT alias FROM aliases WHERE name = ?1 AND version = ?2 ORDER BY alias";
        let key = params![name.as_str(), version.to_string()];
        let alias: Option<String> = tx
            .query_row(sql, key, |row| row.get(0))
            .optional()
            .map_err(failed)?;
        if let Some(alias) = alias {
            return Err(Error::Refused {
                reason: format!(
                    "{name} {version} is {alias}: a version that is in use cannot be retired"
                ),
                hint: format!("`quarterhour models promote {name} OTHER --alias {alias}` first"),
            });
        }
        if retired(&tx, name, version).map_err(failed)? == Some(true) {
            return Err(Error::Refused {
                reason: format!("{name} {version} is retired already"),
                hint: format!("`quarterhour models show {name}` says since when"),
            });
        }
        let sql = "UPDATE models SET retired = 1 WHERE name = ?1 AND version = ?2";
        tx.execute(sql, params![name.as_str(), version.to_string()])
            .map_err(failed)?;
        note(&tx, change, ("retire", name, version), (None, None)).map_err(failed)?;
        tx.commit().map_err(failed)
    }

    /// All versions in order of model and version, or those of one model.
    ///
    /// # Errors
    /// A model that is not there; what SQLite says.
    pub fn list(&self, name: Option<&ModelName>) -> Result<Vec<Listed>, Error> {
        let found = listed(&self.connection, &self.folder(), name);
        let found = found.map_err(|error| Error::sqlite(&self.path, &error))?;
        match name {
            Some(name) if found.is_empty() => {
                let mut known: Vec<String> = (self.list(None)?.iter())
                    .map(|listed| listed.entry.name.to_string())
                    .collect();
                known.dedup();
                Err(self.unknown("model", name.to_string(), known))
            }
            _ => Ok(found),
        }
    }

    /// The version that a reference names.
    ///
    /// # Errors
    /// A model, alias or version that is not there, with those that are.
    pub fn resolve(&self, reference: &ModelReference) -> Result<Listed, Error> {
        let all = self.list(Some(&reference.name))?;
        let is_it = |listed: &&Listed| match &reference.which {
            Which::Alias(alias) => listed.aliases.contains(alias),
            Which::Version(version) => listed.entry.version == *version,
        };
        if let Some(found) = all.iter().find(is_it) {
            return Ok(found.clone());
        }
        let (what, asked, known): (_, _, Vec<String>) = match &reference.which {
            Which::Alias(alias) => {
                let aliases = all.iter().flat_map(|listed| &listed.aliases);
                (
                    "alias",
                    alias.to_string(),
                    aliases.map(ToString::to_string).collect(),
                )
            }
            Which::Version(version) => {
                let versions = all.iter().map(|listed| listed.entry.version.to_string());
                ("version", version.to_string(), versions.collect())
            }
        };
        let known = known
            .iter()
            .map(|known| format!("{}@{known}", reference.name));
        let asked = format!("{}@{asked}", reference.name);
        Err(self.unknown(what, asked, known.collect()))
    }

    /// The version that an alias of a model names.
    ///
    /// # Errors
    /// As [`Registry::resolve`].
    pub fn version_of(&self, name: &ModelName, alias: &Alias) -> Result<ModelVersion, Error> {
        let found = self.resolve(&ModelReference {
            name: name.clone(),
            which: Which::Alias(alias.clone()),
        })?;
        Ok(found.entry.version)
    }

    /// The history of a model, or of all, oldest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn history(&self, name: Option<&ModelName>) -> Result<Vec<HistoryLine>, Error> {
        history(&self.connection, name, 0).map_err(|error| Error::sqlite(&self.path, &error))
    }

    /// Refuses a version that is not there.
    fn known_version(&self, name: &ModelName, version: &ModelVersion) -> Result<(), Error> {
        self.resolve(&ModelReference {
            name: name.clone(),
            which: Which::Version(version.clone()),
        })
        .map(|_| ())
    }

    fn unknown(&self, what: &'static str, found: String, known: Vec<String>) -> Error {
        Error::Unknown {
            path: self.path.clone(),
            what,
            found,
            known,
        }
    }

    /// The folder of the registry's file.
    fn folder(&self) -> PathBuf {
        let folder = self.path.parent().filter(|it| !it.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// A run's folder as it is stored: from the registry's folder on where it lies within it.
    fn stored_path(&self, run: &Path) -> Result<PathBuf, Error> {
        let whole = |path: &Path| {
            path.canonicalize().map_err(|error| Error::File {
                path: path.to_owned(),
                reason: error.to_string(),
                hint: None,
            })
        };
        let (run, folder) = (whole(run)?, whole(&self.folder())?);
        Ok(run
            .strip_prefix(&folder)
            .map_or(run.clone(), Path::to_owned))
    }

    /// A transaction that no other process can change anything in.
    fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        let path = &self.path;
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| Error::sqlite(path, &error))
    }
}

/// Adds a version that is not there yet, and notes it.
fn add_entry(
    tx: &Transaction<'_>,
    path: &Path,
    entry: &Entry,
    change: &Change,
) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::sqlite(path, &error);
    let (name, version) = (&entry.name, &entry.version);
    if retired(tx, name, version).map_err(failed)?.is_some() {
        return Err(Error::Taken {
            name: name.to_string(),
            version: version.to_string(),
            run: entry.run.clone(),
        });
    }
    let json = serde_json::to_string(entry).map_err(|error| Error::File {
        path: path.to_owned(),
        reason: error.to_string(),
        hint: None,
    })?;
    let sql = "INSERT INTO models (name, version, entry) VALUES (?1, ?2, ?3)";
    tx.execute(sql, params![name.as_str(), version.to_string(), json])
        .map_err(failed)?;
    note(tx, change, ("add", name, version), (None, None)).map_err(failed)
}

/// The version over which this one was promoted to the alias most lately; None where it was the first.
fn promoted_over(
    tx: &Transaction<'_>,
    (name, alias): (&ModelName, &Alias),
    version: &ModelVersion,
    before: i64,
) -> rusqlite::Result<Option<(i64, ModelVersion)>> {
    let sql = "SELECT previous, id FROM history WHERE name = ?1 AND alias = ?2 AND version = ?3 \
               AND action = 'promote' AND id < ?4 ORDER BY id DESC LIMIT 1";
    let key = params![name.as_str(), alias.as_str(), version.to_string(), before];
    let found = tx
        .query_row(sql, key, |row| Ok((row.get(1)?, version_at(row, 0)?)))
        .optional()?;
    Ok(found.and_then(|(id, version)| Some((id, version?))))
}

/// Moves an alias if it still names what is expected, and notes it.
fn move_alias(
    tx: &Transaction<'_>,
    path: &Path,
    (name, version): (&ModelName, &ModelVersion),
    promotion: &Promotion,
    change: &Change,
    action: &str,
) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::sqlite(path, &error);
    let Promotion { alias, expected } = promotion;
    let current = version_of(tx, name, alias).map_err(failed)?;
    let in_words = |version: &Option<ModelVersion>| {
        version
            .as_ref()
            .map_or("no version".to_owned(), ToString::to_string)
    };
    if current != *expected {
        return Err(Error::Moved {
            name: name.to_string(),
            alias: alias.to_string(),
            found: in_words(&current),
            expected: in_words(expected),
        });
    }
    let show = format!("`quarterhour models show {name}` lists the versions");
    if current.as_ref() == Some(version) {
        let reason = format!("{name}@{alias} is {version} already");
        return Err(Error::Refused { reason, hint: show });
    }
    if retired(tx, name, version).map_err(failed)? == Some(true) {
        let reason = format!("{name} {version} is retired and cannot become {alias}");
        return Err(Error::Refused { reason, hint: show });
    }
    let sql = "INSERT INTO aliases (name, alias, version) VALUES (?1, ?2, ?3) \
               ON CONFLICT (name, alias) DO UPDATE SET version = excluded.version";
    let key = params![name.as_str(), alias.as_str(), version.to_string()];
    tx.execute(sql, key).map_err(failed)?;
    note(
        tx,
        change,
        (action, name, version),
        (Some(alias), current.as_ref()),
    )
    .map_err(failed)
}

/// Adds a line to the history.
fn note(
    tx: &Transaction<'_>,
    change: &Change,
    (action, name, version): (&str, &ModelName, &ModelVersion),
    (alias, previous): (Option<&Alias>, Option<&ModelVersion>),
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO history (time_ms, who, why, action, name, version, alias, previous) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let values = params![
        change.time_ms,
        change.who,
        change.why,
        action,
        name.as_str(),
        version.to_string(),
        alias.map(Alias::as_str),
        previous.map(ToString::to_string),
    ];
    tx.execute(sql, values).map(|_| ())
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

//! MLflow's model registry as a copy of this one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, params};
use tracking::{Cause, ModelRegistryClient};

use crate::rows::history;
use crate::{Error, HistoryLine, ModelName, ModelReference, ModelVersion, Registry, Which};

/// A copy of the registry on the server that `MLFLOW_TRACKING_URI` names.
///
/// The history is what waits to be sent: `mirrors` keeps, for each server, up to which line it was told.
/// A server that is gone costs nothing but a warning, and is told all that it missed at the next change.
pub struct Mirror {
    client: ModelRegistryClient,
}

/// What came of telling the server.
#[derive(Debug)]
pub enum MirrorError {
    /// The server did not take a line; it and what follows wait for the next change.
    Server(Cause),
    /// What the registry itself says.
    Registry(Error),
}

impl Mirror {
    /// The copy that the environment asks for; None where it names no server.
    ///
    /// # Errors
    /// An address that is none.
    pub fn from_env() -> Result<Option<Self>, Cause> {
        Ok(ModelRegistryClient::from_env()?.map(Self::new))
    }

    /// A copy on this server.
    pub fn new(client: ModelRegistryClient) -> Self {
        Self { client }
    }

    /// Tells the server what it does not know yet, and returns how many changes that were. A line that was
    /// told before a kill, but not noted, is told again, which changes nothing.
    ///
    /// One process at a time tells, and others wait for it, as an older line that is told after a newer
    /// one would take an alias back.
    ///
    /// # Errors
    /// The first failure; nothing after it is sent.
    pub fn catch_up(&self, registry: &mut Registry) -> Result<usize, MirrorError> {
        let server = self.client.server().to_owned();
        let path = lock_path(&registry.path);
        let _lock = cli::wait_for(&path).map_err(|error| {
            MirrorError::Registry(Error::File {
                path,
                reason: format!("{error:#}"),
                hint: None,
            })
        })?;
        let after = registry.told(&server).map_err(MirrorError::Registry)?;
        let lines = history(&registry.connection, None, after)
            .map_err(|error| MirrorError::Registry(Error::sqlite(&registry.path, &error)))?;
        // MLflow's numbers of the versions, by model and version.
        let mut numbers = BTreeMap::new();
        for line in &lines {
            self.tell(registry, line, &mut numbers)?;
            registry
                .set_told(&server, line.id)
                .map_err(MirrorError::Registry)?;
        }
        Ok(lines.len())
    }

    fn tell(
        &self,
        registry: &Registry,
        line: &HistoryLine,
        numbers: &mut BTreeMap<ModelName, BTreeMap<String, String>>,
    ) -> Result<(), MirrorError> {
        let (name, version) = (line.name.as_str(), line.version.to_string());
        let client = &self.client;
        if !numbers.contains_key(&line.name) {
            client.create_model(name).map_err(MirrorError::Server)?;
            let known = client.versions(name).map_err(MirrorError::Server)?;
            numbers.insert(line.name.clone(), known);
        }
        let known = numbers.entry(line.name.clone()).or_default();
        let number = match known.get(&version) {
            Some(number) => number.clone(),
            None => {
                let tags = tags(registry, &line.name, &line.version)?;
                let source = format!("quarterhour:/{name}/{version}");
                let number = client
                    .create_version(name, &source, &line.why, &tags)
                    .map_err(MirrorError::Server)?;
                known.insert(version, number.clone());
                number
            }
        };
        let told = match (line.action.as_str(), &line.alias) {
            (_, Some(alias)) => client.set_alias(name, alias.as_str(), &number),
            ("retire", None) => client.set_version_tag(name, &number, ("retired", "true")),
            _ => Ok(()),
        };
        told.map_err(MirrorError::Server)
    }
}

/// The lock of those who tell a server, beside the registry.
fn lock_path(registry: &Path) -> PathBuf {
    registry.with_extension("mirror.lock")
}

/// What MLflow is told of a version.
fn tags(
    registry: &Registry,
    name: &ModelName,
    version: &ModelVersion,
) -> Result<Vec<(String, String)>, MirrorError> {
    let reference = ModelReference {
        name: name.clone(),
        which: Which::Version(version.clone()),
    };
    let entry = registry
        .resolve(&reference)
        .map_err(MirrorError::Registry)?
        .entry;
    let mut tags = vec![
        ("version".to_owned(), version.to_string()),
        ("run".to_owned(), entry.run.display().to_string()),
        ("kind".to_owned(), entry.kind),
        ("target".to_owned(), entry.target),
        ("config_sha256".to_owned(), entry.config_sha256),
        ("code_version".to_owned(), entry.code_version),
        ("who".to_owned(), entry.who),
    ];
    tags.extend(
        entry
            .data_sha256
            .map(|hash| ("data_sha256".to_owned(), hash)),
    );
    let scores = entry.scores.iter();
    tags.extend(scores.map(|score| (format!("score.{}", score.metric), score.value.to_string())));
    tags.retain(|(_, value)| !value.is_empty());
    Ok(tags)
}

impl Registry {
    /// The last line of the history that a server was told.
    fn told(&self, server: &str) -> Result<i64, Error> {
        let sql = "SELECT history_id FROM mirrors WHERE server = ?1";
        self.connection
            .query_row(sql, [server], |row| row.get(0))
            .optional()
            .map(|told| told.unwrap_or(0))
            .map_err(|error| Error::sqlite(&self.path, &error))
    }

    fn set_told(&self, server: &str, line: i64) -> Result<(), Error> {
        let sql = "INSERT INTO mirrors (server, history_id) VALUES (?1, ?2) \
                   ON CONFLICT (server) DO UPDATE SET history_id = max(history_id, excluded.history_id)";
        self.connection
            .execute(sql, params![server, line])
            .map(|_| ())
            .map_err(|error| Error::sqlite(&self.path, &error))
    }
}

#[cfg(test)]
#[path = "mirror_tests.rs"]
mod tests;

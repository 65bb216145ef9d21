//! From rows of the tables to values.

use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Alias, Entry, HistoryLine, Listed, ModelName, ModelVersion};

/// A column with text that is a value in another form.
fn parsed<T, E: std::error::Error + Send + Sync + 'static>(
    column: usize,
    value: Result<T, E>,
) -> rusqlite::Result<T> {
    value.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// The version in a column; None where it is null.
pub fn version_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<ModelVersion>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| parsed(column, text.parse())).transpose()
}

/// An entry with its run's folder: one within the registry's own folder is stored from there on, so that
/// both can be moved together.
fn entry(text: &str, folder: &Path) -> rusqlite::Result<Entry> {
    let mut entry: Entry = parsed(0, serde_json::from_str(text))?;
    entry.run = folder.join(&entry.run);
    Ok(entry)
}

/// The versions of a model, or of all, with their aliases; in order of model and version.
pub fn listed(
    connection: &Connection,
    folder: &Path,
    name: Option<&ModelName>,
) -> rusqlite::Result<Vec<Listed>> {
    let sql = "SELECT entry, retired FROM models WHERE ?1 IS NULL OR name = ?1";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([name.map(ModelName::as_str)], |row| {
        let text: String = row.get(0)?;
        Ok(Listed {
            entry: entry(&text, folder)?,
            is_retired: row.get(1)?,
            aliases: Vec::new(),
        })
    })?;
    let mut all: Vec<Listed> = rows.collect::<rusqlite::Result<_>>()?;
    for listed in &mut all {
        let sql = "SELECT alias FROM aliases WHERE name = ?1 AND version = ?2 ORDER BY alias";
        let mut statement = connection.prepare(sql)?;
        let key = params![listed.entry.name.as_str(), listed.entry.version.to_string()];
        let aliases = statement.query_map(key, |row| {
            let text: String = row.get(0)?;
            parsed(0, text.parse())
        })?;
        listed.aliases = aliases.collect::<rusqlite::Result<_>>()?;
    }
    all.sort_by(|a, b| {
        let key = |listed: &Listed| (listed.entry.name.clone(), listed.entry.version.clone());
        key(a).cmp(&key(b))
    });
    Ok(all)
}

/// The version that an alias names.
pub fn version_of(
    connection: &Connection,
    name: &ModelName,
    alias: &Alias,
) -> rusqlite::Result<Option<ModelVersion>> {
    let sql = "SELECT version FROM aliases WHERE name = ?1 AND alias = ?2";
    let found = connection
        .query_row(sql, params![name.as_str(), alias.as_str()], |row| {
            version_at(row, 0)
        })
        .optional()?;
    Ok(found.flatten())
}

/// Whether a version is there and, if so, whether it is retired.
pub fn retired(
    connection: &Connection,
    name: &ModelName,
    version: &ModelVersion,
) -> rusqlite::Result<Option<bool>> {
    let sql = "SELECT retired FROM models WHERE name = ?1 AND version = ?2";
    let key = params![name.as_str(), version.to_string()];
    connection.query_row(sql, key, |row| row.get(0)).optional()
}

/// Lines of the history after the one with this number, oldest first.
pub fn history(
    connection: &Connection,
    name: Option<&ModelName>,
    after: i64,
) -> rusqlite::Result<Vec<HistoryLine>> {
    let sql = "SELECT id, time_ms, who, why, action, name, version, alias, previous FROM history \
               WHERE id > ?2 AND (?1 IS NULL OR name = ?1) ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(params![name.map(ModelName::as_str), after], |row| {
        let text = |column: usize| row.get::<_, String>(column);
        let alias: Option<String> = row.get(7)?;
        Ok(HistoryLine {
            id: row.get(0)?,
            time_ms: row.get(1)?,
            who: text(2)?,
            why: text(3)?,
            action: text(4)?,
            name: parsed(5, text(5)?.parse())?,
            version: parsed(6, text(6)?.parse())?,
            alias: alias.map(|alias| parsed(7, alias.parse())).transpose()?,
            previous: version_at(row, 8)?,
        })
    })?;
    rows.collect()
}

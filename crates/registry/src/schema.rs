//! The tables of the registry, and how those of older versions become today's.

use rusqlite::{Connection, Transaction};

/// What SQLite's header says that a file is a registry: `QTRM`.
const APPLICATION_ID: i64 = 0x5154_524d;

/// The version of the tables: the number of [`CHANGES`].
pub const VERSION: i64 = CHANGES.len() as i64;

/// Every change of the tables, oldest first: a new registry gets all of them, an older one those that it
/// lacks.
///
/// `entry` is an [`Entry`](crate::Entry) as JSON. Triggers keep entries and history as they were written,
/// whatever program writes to the file.
const CHANGES: [&str; 2] = [
    "
CREATE TABLE models (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    entry TEXT NOT NULL,
    retired INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (name, version)
) WITHOUT ROWID;

CREATE TABLE aliases (
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (name, alias),
    FOREIGN KEY (name, version) REFERENCES models (name, version)
) WITHOUT ROWID;

CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    action TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    alias TEXT,
    previous TEXT
);

CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'the history of the registry only grows'); END;
CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
BEGIN SELECT RAISE(ABORT, 'the history of the registry only grows'); END;
CREATE TRIGGER entries_are_not_changed BEFORE UPDATE OF name, version, entry ON models
BEGIN SELECT RAISE(ABORT, 'a registered version never changes'); END;
CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON models
BEGIN SELECT RAISE(ABORT, 'a registered version is never deleted'); END;
",
    // Up to which line of the history each MLflow server is told.
    "
CREATE TABLE mirrors (
    server TEXT NOT NULL PRIMARY KEY,
    history_id INTEGER NOT NULL
) WITHOUT ROWID;
",
];

/// What a SQLite file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Nothing is in it yet.
    Empty,
    /// A registry of this version, perhaps one that this build does not know.
    Registry(i64),
    /// Another program's database.
    Foreign,
}

/// Tells what a database is, without writing to it.
///
/// # Errors
/// What SQLite says, for instance of a file that is no database.
pub fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables = "SELECT count(*) FROM sqlite_master";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
    Ok(match (pragma("application_id")?, tables) {
        (APPLICATION_ID, _) => Identity::Registry(pragma("user_version")?),
        (0, 0) => Identity::Empty,
        _ => Identity::Foreign,
    })
}

/// Brings the tables from `version` (0: none are there) to today's.
///
/// # Errors
/// What SQLite says.
pub fn upgrade(transaction: &Transaction<'_>, version: i64) -> rusqlite::Result<()> {
    for change in CHANGES.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(change)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)
}

/// The tables of version 1, for a test of the migration.
#[cfg(test)]
pub fn first_version(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(CHANGES[0])?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", 1)
}

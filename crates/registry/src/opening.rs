//! Opening a registry: for changes, or for reading from a disk that may be read-only.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use storage::check_output;

use crate::schema::{Identity, VERSION, identity, upgrade};
use crate::{Error, Registry};

/// How long another program may hold the database before a call gives up.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl Registry {
    /// Opens the registry for changes, and makes it where there is none; an older one gets today's
    /// tables.
    ///
    /// # Errors
    /// [`Error::Schema`] for one of a newer build; [`Error::File`] for another program's database and what
    /// the system says, such as that the disk is read-only.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |error: &rusqlite::Error| Error::sqlite(path, error);
        check_output(path).map_err(|error| Error::File {
            path: path.to_owned(),
            reason: error.to_string(),
            hint: error.hint(),
        })?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| unwritable(path, error))?;
        }
        if path.exists() {
            // Before anything is written to a file that is not ours.
            known(path, identity_of(path)?)?;
        }
        let set_up = || -> rusqlite::Result<(Connection, Identity)> {
            let mut connection = Connection::open(path)?;
            connection.busy_timeout(LONGEST_WAIT)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            // Again within the transaction: another process may have made the tables meanwhile.
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let found = identity(&transaction)?;
            match found {
                Identity::Empty => upgrade(&transaction, 0)?,
                Identity::Registry(version) if version < VERSION => upgrade(&transaction, version)?,
                Identity::Registry(_) | Identity::Foreign => {}
            }
            transaction.commit()?;
            Ok((connection, found))
        };
        let (connection, found) = set_up().map_err(|error| failed(&error))?;
        known(path, found)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
        })
    }

    /// Opens the registry for reading, also on a disk that is read-only and while another process
    /// changes it.
    ///
    /// # Errors
    /// A registry that is not there, is another program's, or is of a newer build.
    pub fn read_only(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::File {
                path: path.to_owned(),
                reason: "there is no registry".to_owned(),
                hint: Some(
                    "`quarterhour models add RUN --name NAME --version 1.0.0` begins it; \
                     QUARTERHOUR_REGISTRY=FILE names another"
                        .to_owned(),
                ),
            });
        }
        known(path, identity_of(path)?)?;
        let connection = reader(path).map_err(|error| Error::sqlite(path, &error))?;
        Ok(Self {
            connection,
            path: path.to_owned(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn identity_of(path: &Path) -> Result<Identity, Error> {
    let identify = || identity(&reader(path)?);
    identify().map_err(|error| Error::sqlite(path, &error))
}

/// A connection that cannot write. A database with a write-ahead log wants to make files beside it even
/// to read; where the system does not let it, and no log is there that would be missed, the file is read
/// as one that nobody changes.
fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let open = |path: &Path, flags: OpenFlags| -> rusqlite::Result<Connection> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | flags)?;
        connection.busy_timeout(LONGEST_WAIT)?;
        // Says whether the file can be read.
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok(connection)
    };
    open(path, OpenFlags::empty()).or_else(|error| {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let has_log = Path::new(&log).metadata().is_ok_and(|file| file.len() > 0);
        match uri(path).filter(|_| !has_log) {
            Some(uri) => open(Path::new(&uri), OpenFlags::SQLITE_OPEN_URI),
            None => Err(error),
        }
    })
}

/// The address of a file that nobody changes, as SQLite reads it.
fn uri(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let escaped: String = (path.to_str()?.chars())
        .map(|letter| match letter {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            letter => letter.to_string(),
        })
        .collect();
    Some(format!("file:{escaped}?immutable=1"))
}

fn known(path: &Path, found: Identity) -> Result<(), Error> {
    match found {
        Identity::Empty => Ok(()),
        Identity::Registry(version) if (1..=VERSION).contains(&version) => Ok(()),
        Identity::Registry(found) => Err(Error::Schema {
            path: path.to_owned(),
            found,
            expected: VERSION,
        }),
        Identity::Foreign => Err(Error::File {
            path: path.to_owned(),
            reason: "holds another program's tables, expected a registry or a new file".to_owned(),
            hint: Some("--registry OTHER begins a new one; nothing was written".to_owned()),
        }),
    }
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        reason: error.to_string(),
        hint: None,
    }
}

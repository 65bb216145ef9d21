//! Opening a ledger: what else may be at its path is left as it is.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use storage::{check_output, open_lock};

use crate::schema::{Identity, VERSION, identity, upgrade};
use crate::{Error, Ledger};

/// How long another program may hold the database before opening it gives up.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Names that belong to something beside a ledger: its lock, its log, and SQLite's own files.
const TAKEN: [&str; 5] = [".lock", ".jsonl", "-wal", "-shm", "-journal"];

impl Ledger {
    /// The lock file beside the ledger at `path`; it is empty, and held while the ledger is
    /// written.
    pub fn lock_path(path: &Path) -> PathBuf {
        path.with_extension("lock")
    }

    /// The log beside the ledger at `path`.
    pub fn log_path(path: &Path) -> PathBuf {
        path.with_extension("jsonl")
    }

    /// Opens the ledger for writing, and makes it where there is none; an older one gets today's
    /// tables.
    ///
    /// # Errors
    /// [`Error::InUse`] while another process writes it, [`Error::Version`] for one of a later
    /// version, [`Error::Foreign`] for another program's database or lock, [`Error::Ledger`]
    /// for a file that cannot be opened or is no database. None of these is written to.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |error: &rusqlite::Error| Error::sqlite(path, error);
        check_place(path)?;
        check_output(path).map_err(|error| refused(error, path))?;
        let version = || match existing(path)? {
            Identity::Empty => Ok(0),
            Identity::Ledger(version) => known(path, version),
            Identity::Foreign => Err(not_ours(path)),
        };
        // Before the lock is made, and again as another process may have made the tables meanwhile.
        version()?;
        let lock = lock(path)?;
        let version = version()?;
        let mut connection = Connection::open(path).map_err(|error| failed(&error))?;
        let set_up = |connection: &mut Connection| -> rusqlite::Result<()> {
            connection.busy_timeout(LONGEST_WAIT)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            if version < VERSION {
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                upgrade(&transaction, version)?;
                transaction.commit()?;
            }
            Ok(())
        };
        set_up(&mut connection).map_err(|error| failed(&error))?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            version: VERSION,
            _lock: Some(lock),
        })
    }

    /// Opens the ledger for reading, also while another process writes it.
    ///
    /// # Errors
    /// A ledger that is not there, is somebody else's, or cannot be read.
    pub fn read_only(path: &Path) -> Result<Self, Error> {
        let version = existing_version(path)?;
        let set_up = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(path)?;
            connection.busy_timeout(LONGEST_WAIT)?;
            connection.pragma_update(None, "query_only", true)?;
            // All reads are of one moment, that of the first.
            connection.execute_batch("BEGIN")?;
            Ok(connection)
        };
        let connection = set_up().map_err(|error| Error::sqlite(path, &error))?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            version,
            _lock: None,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long a write waits while another program holds the database; then it is [`Error::Busy`].
    ///
    /// # Errors
    /// A connection that SQLite cannot change.
    pub fn wait_at_most(&self, wait: Duration) -> Result<(), Error> {
        self.connection
            .busy_timeout(wait)
            .map_err(|error| Error::sqlite(&self.path, &error))
    }
}

/// The version of the tables of a ledger that must be there.
///
/// # Errors
/// A ledger that is not there, is somebody else's, or of a later version.
pub(crate) fn existing_version(path: &Path) -> Result<i64, Error> {
    if !path.exists() {
        let hint = "`quarterhour watch --run RUN` writes RUN/ledger.sqlite";
        return Err(Error::Ledger {
            path: path.to_owned(),
            reason: "there is no such ledger".to_owned(),
            hint: Some(hint.to_owned()),
        });
    }
    match existing(path)? {
        Identity::Ledger(version) => known(path, version),
        Identity::Empty | Identity::Foreign => Err(not_ours(path)),
    }
}

/// Refuses names that a ledger's own companions have.
fn check_place(path: &Path) -> Result<(), Error> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    match TAKEN.iter().find(|ending| name.ends_with(**ending)) {
        None => Ok(()),
        Some(ending) => Err(Error::Ledger {
            path: path.to_owned(),
            reason: format!(
                "a name in {ending} is that of a file beside a ledger, expected another one"
            ),
            hint: Some(format!(
                "--ledger {}",
                cli::quoted(format!("{name}.sqlite"))
            )),
        }),
    }
}

/// What is at `path`; the connection cannot write, so that a stranger's file stays bit for bit as
/// it is.
fn existing(path: &Path) -> Result<Identity, Error> {
    match path.metadata() {
        Ok(found) if found.is_dir() => {
            return Err(Error::Ledger {
                path: path.to_owned(),
                reason: "is a folder, expected a ledger's file".to_owned(),
                hint: Some(format!(
                    "--ledger {}",
                    cli::quoted(path.join("ledger.sqlite").display())
                )),
            });
        }
        Ok(found) if found.len() > 0 => {}
        _ => return Ok(Identity::Empty),
    }
    let identify = || -> rusqlite::Result<Identity> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(LONGEST_WAIT)?;
        identity(&connection)
    };
    identify().map_err(|error| Error::sqlite(path, &error))
}

fn known(path: &Path, version: i64) -> Result<i64, Error> {
    if (1..=VERSION).contains(&version) {
        return Ok(version);
    }
    Err(Error::Version {
        path: path.to_owned(),
        found: version,
        expected: VERSION,
    })
}

fn not_ours(path: &Path) -> Error {
    Error::Foreign {
        path: path.to_owned(),
        reason: "holds another program's tables, expected a ledger or a new file".to_owned(),
        hint: Some("--ledger OTHER begins a new one; nothing was written".to_owned()),
    }
}

/// An error about the place `place`: with the system's reason, or that of what is there already.
fn refused(error: storage::Error, place: &Path) -> Error {
    match error {
        storage::Error::Io { path, source } => Error::Ledger {
            path,
            reason: source.to_string(),
            hint: None,
        },
        storage::Error::File { path, reason, hint } => Error::Foreign { path, reason, hint },
        error => Error::Foreign {
            path: place.to_owned(),
            reason: error.to_string(),
            hint: error.hint(),
        },
    }
}

fn lock(path: &Path) -> Result<File, Error> {
    let lock_path = Ledger::lock_path(path);
    let lock = open_lock(&lock_path).map_err(|error| refused(error, &lock_path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::Ledger {
            path: lock_path,
            reason: error.to_string(),
            hint: None,
        }),
    }
}

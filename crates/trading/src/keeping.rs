//! A ledger over months: what is old is taken out, and the whole is copied, beside a running watch.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};
use serde::Serialize;

use crate::opening::existing_version;
use crate::schema::VERSION;
use crate::{Error, Ledger};

/// Rows that one transaction takes out of a table: little enough that a watch beside it is not held up.
const AT_ONCE: usize = 10_000;

/// How long another program may hold the database before a change beside it is given up.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The coins that have candles: one look into the index for each, where `DISTINCT` reads every row.
const COINS: &str = "
    WITH RECURSIVE coins(symbol) AS (
        SELECT min(symbol) FROM candles
        UNION ALL
        SELECT (SELECT min(symbol) FROM candles WHERE candles.symbol > coins.symbol) FROM coins
        WHERE coins.symbol IS NOT NULL
    )
    SELECT symbol FROM coins WHERE symbol IS NOT NULL";

/// How much of a ledger is kept, counted back from its last forecast. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long forecasts stay.
    pub keep_ms: i64,
    /// How long after a forecast its outcome is known: it stays until then, whatever is kept.
    pub outcome_ms: i64,
    /// Candles stay for so much longer, that every forecast which stays can be made again.
    pub history_ms: i64,
}

impl Retention {
    /// Forecasts before this time are taken out of a ledger whose last forecast is at `last_ms`, UTC ms.
    pub fn before_ms(&self, last_ms: i64) -> i64 {
        last_ms.saturating_sub(self.keep_ms.max(self.outcome_ms))
    }
}

/// Rows that were taken out of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Pruned {
    /// Forecasts.
    pub forecasts: usize,
    /// Candles.
    pub candles: usize,
}

impl Ledger {
    /// Opens the ledger to change a little of it, also while another process writes it: SQLite lets one
    /// of the two wait for the other.
    ///
    /// # Errors
    /// A ledger that is not there, is somebody else's, or of an older version while another process
    /// has it.
    pub fn beside_writer(path: &Path) -> Result<Self, Error> {
        if existing_version(path)? < VERSION {
            // Gets today's tables, which needs the lock.
            drop(Self::open(path)?);
        }
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.busy_timeout(LONGEST_WAIT)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            Ok(connection)
        };
        Ok(Self {
            connection: open().map_err(|error| Error::sqlite(path, &error))?,
            path: path.to_owned(),
            version: VERSION,
            _lock: None,
        })
    }

    /// Takes out what is older than is kept. Positions and decisions about orders stay, and so do the status
    /// and the pause of the watch, and what an open position still needs.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn prune(&mut self, retention: &Retention) -> Result<Pruned, Error> {
        let mut all = Pruned::default();
        loop {
            let some = self.prune_some(retention)?;
            all.forecasts += some.forecasts;
            all.candles += some.candles;
            if some == Pruned::default() {
                return Ok(all);
            }
        }
    }

    /// As [`Ledger::prune`], but no more than some thousand rows: what a watch does after every bar. Whatever
    /// is left, a check of the ledger finds it right: bars go as a whole, and candles after their forecasts.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn prune_some(&mut self, retention: &Retention) -> Result<Pruned, Error> {
        let Some(last_ms) = self.last_forecast_ms()? else {
            return Ok(Pruned::default());
        };
        let before_ms = retention.before_ms(last_ms);
        let open = self.open_positions()?;
        // One that is still open after so long waits for a candle that its coin does not have: candles of
        // that coin stay, and nothing else.
        let waiting = (open.iter()).filter(|position| position.due_ms >= before_ms);
        let needed_ms = waiting.map(|position| position.forecast_ms).min();
        let forecasts_ms = before_ms.min(needed_ms.unwrap_or(i64::MAX));
        let coins: Vec<String> = self.query(COINS, [], |row| row.get(0))?;
        self.transaction(|transaction| {
            let forecasts = take_forecasts(transaction, forecasts_ms)?;
            let first_ms = first_forecast_ms(transaction)?.unwrap_or(forecasts_ms);
            let candles_ms = forecasts_ms
                .min(first_ms)
                .saturating_sub(retention.history_ms);
            let until_ms = |coin: &String| {
                let own = (open.iter()).filter(|position| position.symbol.as_str() == coin);
                let needed_ms = own.map(|position| position.forecast_ms).min();
                candles_ms.min(needed_ms.unwrap_or(i64::MAX))
            };
            let of_coins: Vec<(&String, i64)> =
                coins.iter().map(|coin| (coin, until_ms(coin))).collect();
            Ok(Pruned {
                forecasts,
                candles: take_candles(transaction, &of_coins)?,
            })
        })
    }

    /// Gives the room of rows that were taken out back to the system; other programs wait meanwhile.
    ///
    /// # Errors
    /// What SQLite says, for instance of a disk without room for a second copy.
    pub fn vacuum(&self) -> Result<(), Error> {
        let vacuum = self.connection.execute_batch("VACUUM");
        vacuum.map_err(|error| Error::sqlite(&self.path, &error))
    }

    /// Copies the ledger as it is at one moment to a new file, also while another process writes it.
    ///
    /// # Errors
    /// A file that is there already, a disk that is full, what SQLite says.
    pub fn back_up(&self, to: &Path) -> Result<(), Error> {
        if to.symlink_metadata().is_ok() {
            return Err(Error::Ledger {
                path: to.to_owned(),
                reason: "is there already, expected a new file".to_owned(),
                hint: Some("--to OTHER names another file; nothing was written".to_owned()),
            });
        }
        let failed = |error: std::io::Error| Error::Ledger {
            path: to.to_owned(),
            reason: error.to_string(),
            hint: None,
        };
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // It has its name once it is whole and on disk.
        let mut partial = to.as_os_str().to_owned();
        partial.push(".part");
        let partial = PathBuf::from(partial);
        let _ = fs::remove_file(&partial);
        copy(&self.connection, &partial).map_err(|error| Error::sqlite(to, &error))?;
        let synced = File::open(&partial).and_then(|file| file.sync_all());
        synced
            .and_then(|()| fs::rename(&partial, to))
            .map_err(failed)
    }
}

fn first_forecast_ms(transaction: &Transaction<'_>) -> rusqlite::Result<Option<i64>> {
    transaction.query_row("SELECT min(time) FROM forecasts", [], |row| row.get(0))
}

/// Takes out the oldest bars before a time with all their forecasts, and that the watch was paused in them;
/// returns how many forecasts.
fn take_forecasts(transaction: &Transaction<'_>, before_ms: i64) -> rusqlite::Result<usize> {
    let Some(first_ms) = first_forecast_ms(transaction)? else {
        return Ok(0);
    };
    let select = "SELECT time FROM forecasts WHERE time < ?1 ORDER BY time LIMIT 1 OFFSET ?2";
    let cut_ms: Option<i64> = transaction
        .query_row(select, [before_ms, AT_ONCE as i64], |row| row.get(0))
        .optional()?;
    // At least one bar, however many coins it has.
    let cut_ms = cut_ms.map_or(before_ms, |cut_ms| cut_ms.max(first_ms + 1));
    transaction.execute("DELETE FROM paused_bars WHERE time < ?1", [cut_ms])?;
    transaction.execute("DELETE FROM forecasts WHERE time < ?1", [cut_ms])
}

/// Takes out the oldest candles of each coin before its time; returns how many.
fn take_candles(
    transaction: &Transaction<'_>,
    coins: &[(&String, i64)],
) -> rusqlite::Result<usize> {
    let each = (AT_ONCE / coins.len().max(1)).max(100) as i64;
    let mut delete = transaction.prepare(
        "DELETE FROM candles WHERE symbol = ?1 AND time IN
         (SELECT time FROM candles WHERE symbol = ?1 AND time < ?2 ORDER BY time LIMIT ?3)",
    )?;
    let of_coin =
        |(coin, before_ms): &(&String, i64)| delete.execute(params![coin, before_ms, each]);
    coins.iter().map(of_coin).sum()
}

/// Copies all pages in one step, so that they are of one moment however much is written meanwhile.
fn copy(from: &Connection, to: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(to)?;
    let all_pages = -1;
    loop {
        let step = Backup::new(from, &mut target)?.step(all_pages)?;
        match step {
            StepResult::Done => break,
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
    // A copy of a database in WAL mode is in that mode; a file alone has no use for it.
    target.pragma_update(None, "journal_mode", "DELETE")
}

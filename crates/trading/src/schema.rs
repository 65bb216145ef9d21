//! The tables of the ledger, and how those of older versions become today's.

use rusqlite::{Connection, Transaction};

/// What SQLite's header says that a file is a ledger: `QTRH`. Ledgers of version 1 have 0 there.
pub const APPLICATION_ID: i64 = 0x5154_5248;

/// The version of the tables: the number of [`CHANGES`].
pub const VERSION: i64 = CHANGES.len() as i64;

/// The first version that marks positions which were closed at a coin's last known price.
pub const SINCE_LAST_KNOWN: i64 = 2;

/// The first version that has orders.
pub const SINCE_ORDERS: i64 = 3;

/// The first version that says on whose forecast a position was opened.
pub const SINCE_FORECASTERS: i64 = 4;

/// The first version that has the status of the watch, and the bars that it was paused in.
pub const SINCE_STATUS: i64 = 5;

/// Every change of the tables, oldest first: a new ledger gets all of them, an older one those that
/// it lacks.
///
/// Times are open times of candles in UTC ms unless they say otherwise; prices and returns are
/// plain numbers. The key of `positions` makes it impossible to open one twice on the same
/// forecast, whatever is killed when.
const CHANGES: [&str; 5] = [
    "
CREATE TABLE IF NOT EXISTS candles (
    symbol TEXT NOT NULL,
    time INTEGER NOT NULL,
    open REAL, high REAL, low REAL, close REAL NOT NULL,
    volume REAL, quote_volume REAL, count REAL, taker_buy_volume REAL, taker_buy_quote_volume REAL,
    PRIMARY KEY (symbol, time)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS forecasts (
    time INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    forecast REAL,
    refused TEXT,
    forecaster TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL,
    is_complete INTEGER NOT NULL,
    drift_std REAL,
    PRIMARY KEY (time, symbol)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS positions (
    id INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    forecast REAL NOT NULL,
    forecast_ms INTEGER NOT NULL,
    entry_ms INTEGER NOT NULL,
    entry_price REAL,
    due_ms INTEGER NOT NULL,
    exit_ms INTEGER,
    exit_price REAL,
    fee_bps REAL NOT NULL,
    slippage_bps REAL NOT NULL,
    UNIQUE (symbol, forecast_ms)
);

CREATE INDEX IF NOT EXISTS open_positions ON positions (due_ms) WHERE exit_price IS NULL;
CREATE INDEX IF NOT EXISTS last_due ON positions (symbol, due_ms);
",
    // 1 where the coin was gone and the position was closed at its last known price.
    "ALTER TABLE positions ADD COLUMN last_known INTEGER NOT NULL DEFAULT 0;",
    // Orders that are timed: one row a decision; `part` is of the whole order.
    "
CREATE TABLE order_steps (
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    arrival_ms INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL,
    patience REAL NOT NULL,
    half_spread_bps REAL NOT NULL,
    time INTEGER NOT NULL,
    z REAL,
    decision TEXT NOT NULL,
    part REAL NOT NULL,
    fill_ms INTEGER NOT NULL,
    price REAL,
    PRIMARY KEY (symbol, side, arrival_ms, time)
) WITHOUT ROWID;
",
    // Whose forecast a position was opened on: the forecast itself may be pruned before it.
    "
ALTER TABLE positions ADD COLUMN forecaster TEXT;
UPDATE positions SET forecaster = (
    SELECT forecaster FROM forecasts WHERE time = forecast_ms AND forecasts.symbol = positions.symbol
);
",
    // What the watch says of itself and what is asked of it, values in JSON; and the bars whose forecasts
    // opened nothing because it was paused.
    "
CREATE TABLE status (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE paused_bars (time INTEGER PRIMARY KEY);
",
];

/// The tables of version 1, by which a ledger of that version is told from somebody else's
/// database.
const FIRST_TABLES: [&str; 3] = ["candles", "forecasts", "positions"];

/// What a SQLite file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Nothing is in it yet.
    Empty,
    /// A ledger of this version, perhaps one that this build does not know.
    Ledger(i64),
    /// Another program's database.
    Foreign,
}

/// Tells what a database is, without writing to it.
///
/// # Errors
/// What SQLite says, for instance of a file that is no database.
pub fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let tables: Vec<String> = connection
        .prepare(names)?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let columns = "SELECT count(*) FROM pragma_table_info('forecasts') WHERE name IN ('forecaster', 'made_at_ms')";
    let is_first = || -> rusqlite::Result<bool> {
        let known: i64 = connection.query_row(columns, [], |row| row.get(0))?;
        Ok(tables == FIRST_TABLES && known == 2)
    };
    Ok(match (application, version) {
        (APPLICATION_ID, version) => Identity::Ledger(version),
        (0, 0) if tables.is_empty() => Identity::Empty,
        // Killed between its tables and its version: a ledger of version 1.
        (0, 0 | 1) if is_first()? => Identity::Ledger(1),
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

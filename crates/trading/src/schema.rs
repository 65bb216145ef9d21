//! The tables of the ledger.

/// Raised with every change of the tables.
pub const VERSION: i64 = 1;

/// Times are open times of candles in UTC ms unless they say otherwise; prices and returns are plain numbers.
///
/// The key of `positions` makes it impossible to open one twice on the same forecast, whatever is killed when.
pub const TABLES: &str = "
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
";

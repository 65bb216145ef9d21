//! What a watch says of itself once a bar, and what is asked of it, in the ledger's table `status`.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::opening::existing_version;
use crate::schema::SINCE_STATUS;
use crate::{Error, Ledger};

/// How long pausing waits while another program holds the database.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Keys of the table; each value is one JSON object.
const WATCH: &str = "watch";
const PAUSE: &str = "pause";
const VERIFICATION: &str = "verification";

/// What the ledger says beside forecasts and positions. A ledger of an older version says nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// What the watch said after its last bar.
    pub watch: Option<WatchStatus>,
    /// Whether it is to open positions.
    pub pause: Pause,
    /// What the last check of the ledger found.
    pub verification: Option<Verification>,
}

/// The state of a watch after a bar. Times are UTC ms by the exchange's clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WatchStatus {
    /// When the watch began.
    pub started_at: i64,
    /// When this was written.
    pub written_at: i64,
    /// Open time of the bar.
    pub bar: i64,
    /// What came of the bar.
    pub outcome: BarOutcome,
    /// Whether the bar opened no positions because of a pause.
    pub is_paused: bool,
    /// The exchange's websocket.
    pub connection: Connection,
    /// How long after their close the bars of the last 24 hours were forecast.
    pub delay: BarsDelay,
    /// The coins that have the bar's candle.
    pub coins: FreshCoins,
    /// Faults since the watch began.
    pub faults: FaultCounts,
    /// What forecasts.
    pub model: ModelStatus,
    /// How the last settled forecasts and what came go together; None before 100 of them.
    pub pearson: Option<LivePearsonStatus>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Alerts since the watch began; None where none are sent.
    pub alerts: Option<AlertCounts>,
}

/// What came of a bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarOutcome {
    /// It was forecast.
    #[default]
    Forecast,
    /// Its candles did not come in time.
    Incomplete,
}

/// The exchange's websocket.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Connection {
    /// Whether it is used at all.
    pub uses_websocket: bool,
    /// Whether it is connected.
    pub is_connected: bool,
    /// Since when it is or is not; None before the first connection.
    pub since: Option<i64>,
    /// Connections after the first one.
    pub reconnects: u64,
}

/// Delays from a bar's close to its forecasts, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BarsDelay {
    /// Bars of the last 24 hours with forecasts.
    pub bars: usize,
    /// Of the last one.
    pub last_secs: Option<f64>,
    /// Their median.
    pub p50_secs: Option<f64>,
    /// What 99 of 100 do not exceed.
    pub p99_secs: Option<f64>,
}

/// The coins that have the bar's candle.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreshCoins {
    /// Coins that are watched.
    pub all: usize,
    /// Those that have it.
    pub fresh: usize,
    /// The others.
    pub stale: Vec<String>,
}

/// Faults by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FaultCounts {
    /// Connections by websocket that were lost or could not be made.
    pub websocket: u64,
    /// Requests by REST that failed.
    pub rest: u64,
    /// Candles that cannot be.
    pub candle: u64,
    /// Coins that the model refused to forecast, counted once a bar.
    pub forecast: u64,
}

/// What forecasts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelStatus {
    /// Name of the run's folder.
    pub run: String,
    /// The registered version, such as `spot20 1.2.0`.
    pub registered: Option<String>,
    /// What the ledger's forecasts name: kind, fold and SHA-256 of the model's files.
    pub forecaster: String,
    /// The first time that it has not seen.
    pub fitted_until: Option<i64>,
    /// How long ago that is.
    pub age_secs: Option<f64>,
    /// How often it is to be fitted again (`split.refit_every`).
    pub refit_every_secs: Option<f64>,
    /// When it is to be fitted again.
    pub next_refit: Option<i64>,
    /// Whether the indicator rule answers in place of a model.
    pub is_rule: bool,
    /// Whether it had seen what it forecasts.
    pub is_in_sample: bool,
}

/// A Pearson correlation of forecasts and returns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LivePearsonStatus {
    /// The correlation.
    pub value: f64,
    /// Lower end of its 95 % interval; None where there are too few blocks to draw.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
    /// Settled forecasts that it is of.
    pub forecasts: usize,
}

/// Alerts by what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertCounts {
    /// Delivered.
    pub sent: u64,
    /// Given up after several tries.
    pub failed: u64,
    /// Left out, as there were too many.
    pub dropped: u64,
}

/// Whether a watch is to open positions. It forecasts all the same, and closes what is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pause {
    /// Whether it is paused.
    pub is_paused: bool,
    /// Since when it is or is not, UTC ms by the clock of who said so; None where nobody did.
    pub since: Option<i64>,
}

/// What a check of the whole ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verification {
    /// When it was made, UTC ms by the local clock.
    pub at: i64,
    /// Whether the ledger is what the candles and forecasts say.
    pub is_good: bool,
    /// Bars that were looked at.
    pub bars: usize,
    /// Forecasts that were made again.
    pub forecasts: usize,
    /// Forecasts, trades, prices and decisions that are not as they should be.
    pub wrong: usize,
}

impl Ledger {
    /// What the ledger says beside forecasts and positions.
    ///
    /// # Errors
    /// What SQLite says, or a value that is none of this version's.
    pub fn status(&self) -> Result<Status, Error> {
        if self.version < SINCE_STATUS {
            return Ok(Status::default());
        }
        let read = || {
            Ok(Status {
                watch: read(&self.connection, WATCH)?,
                pause: read(&self.connection, PAUSE)?.unwrap_or_default(),
                verification: read(&self.connection, VERIFICATION)?,
            })
        };
        read().map_err(|error: rusqlite::Error| Error::sqlite(&self.path, &error))
    }

    /// Writes down what the watch says after a bar, in the place of what it said before.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn set_watch_status(&mut self, status: &WatchStatus) -> Result<(), Error> {
        self.transaction(|transaction| write(transaction, WATCH, status))
    }

    /// Writes down what a check of the ledger at `path` found, also while a watch writes it; a ledger of
    /// an older version stays as it is.
    ///
    /// # Errors
    /// As [`Ledger::beside_writer`].
    pub fn set_verification(path: &Path, found: &Verification) -> Result<(), Error> {
        if existing_version(path)? < SINCE_STATUS {
            return Ok(());
        }
        let mut ledger = Self::beside_writer(path)?;
        ledger.wait_at_most(LONGEST_WAIT)?;
        ledger.transaction(|transaction| write(transaction, VERIFICATION, found))
    }

    /// Pauses the watch of the ledger at `path`, or lets it go on, from its next bar on; `at_ms` is now,
    /// UTC ms. Returns what holds then: what is so already stays as it is.
    ///
    /// # Errors
    /// As [`Ledger::beside_writer`].
    pub fn set_paused(path: &Path, is_paused: bool, at_ms: i64) -> Result<Pause, Error> {
        let mut ledger = Self::beside_writer(path)?;
        ledger.wait_at_most(LONGEST_WAIT)?;
        ledger.transaction(|transaction| {
            let before: Pause = read(transaction, PAUSE)?.unwrap_or_default();
            if before.is_paused == is_paused {
                return Ok(before);
            }
            let now = Pause {
                is_paused,
                since: Some(at_ms),
            };
            write(transaction, PAUSE, &now)?;
            Ok(now)
        })
    }

    /// Open times of the bars from `from_ms` on whose forecasts opened nothing because the watch was
    /// paused, UTC ms.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn paused_bars(&self, from_ms: i64) -> Result<Vec<i64>, Error> {
        if self.version < SINCE_STATUS {
            return Ok(Vec::new());
        }
        let text = "SELECT time FROM paused_bars WHERE time >= ?1 ORDER BY time";
        self.query(text, [from_ms], |row| row.get(0))
    }

    /// Time of each bar from `from_ms` on with forecasts, and when the last of these was made, UTC ms.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn forecast_times(&self, from_ms: i64) -> Result<Vec<(i64, i64)>, Error> {
        let text = "SELECT time, max(made_at_ms) FROM forecasts WHERE time >= ?1 GROUP BY time";
        self.query(text, [from_ms], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

fn read<T: DeserializeOwned>(
    connection: &rusqlite::Connection,
    key: &str,
) -> rusqlite::Result<Option<T>> {
    let select = "SELECT value FROM status WHERE key = ?1";
    let text: Option<String> = connection
        .query_row(select, [key], |row| row.get(0))
        .optional()?;
    let parse = |text: String| {
        serde_json::from_str(&text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
        })
    };
    text.map(parse).transpose()
}

fn write(
    connection: &rusqlite::Connection,
    key: &str,
    value: &impl Serialize,
) -> rusqlite::Result<()> {
    let text = serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let insert = "INSERT OR REPLACE INTO status VALUES (?1, ?2)";
    connection.execute(insert, params![key, text]).map(|_| ())
}

//! The ledger: one SQLite file that a kill at any moment leaves whole.

use std::fs::File;
use std::path::PathBuf;

use market::{Candle, Symbol};
use rules::{Costs, Side, may_open};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use crate::order::OrderStep;
use crate::rows::{insert_order_step, side, symbol};
use crate::schema::{SINCE_FORECASTERS, SINCE_LAST_KNOWN};
use crate::{Error, Outcome, Position};

/// Candles as they were known, forecasts and positions, in one file.
///
/// Everything that belongs to a minute is written in one transaction, and a transaction is on disk
/// before the call returns (write-ahead log, synced). Only one process writes at a time; others may
/// read.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// Of its tables; an older one is only read.
    pub(crate) version: i64,
    /// Held as long as the ledger is open for writing; the system frees it when the process dies.
    pub(crate) _lock: Option<File>,
}

/// What [`LoggedForecast::forecaster`] begins with where the model had seen the time.
pub const IN_SAMPLE: &str = "in sample: ";

/// What a minute adds to the ledger.
#[derive(Debug, Clone, Default)]
pub struct Minute {
    /// Open time of the last candle that the forecasts know, UTC ms.
    pub time_ms: i64,
    /// One entry a coin.
    pub forecasts: Vec<LoggedForecast>,
    /// The forecasts that are acted on.
    pub signals: Vec<Signal>,
    /// What is decided about orders.
    pub order_steps: Vec<OrderStep>,
    /// Whether the watch was paused: nothing is opened then, whatever the signals.
    pub is_paused: bool,
}

/// A forecast with what is needed to make it again, beside the candles.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedForecast {
    /// Open time of the last candle it knows, UTC ms.
    pub time_ms: i64,
    /// The coin.
    pub symbol: Symbol,
    /// The forecast of the target; None where refused.
    pub forecast: Option<f64>,
    /// Why there is none.
    pub refused: Option<String>,
    /// Which model of which run, or which rule.
    pub forecaster: String,
    /// When it was made, by the exchange's clock, UTC ms.
    pub made_at_ms: i64,
    /// Whether all coins of the universe had their candle and those of their earlier names.
    pub is_complete: bool,
    /// How far the coin's features are from those of training, in standard deviations.
    pub drift_std: Option<f64>,
}

/// A forecast that is acted on: a position opens unless the coin has one that is not due yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The coin.
    pub symbol: Symbol,
    /// The direction.
    pub side: Side,
    /// The forecast.
    pub forecast: f64,
    /// Open time of the candle at whose close the position opens, UTC ms.
    pub entry_ms: i64,
    /// Open time of the candle at whose close it is due, UTC ms.
    pub due_ms: i64,
    /// What each fill costs.
    pub costs: Costs,
    /// Whether it may stand beside another one of the coin.
    pub overlapping: bool,
}

/// A candle's close, or what the exchange has instead of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Open time of the candle, UTC ms.
    pub time_ms: i64,
    /// Its close.
    pub close: f64,
    /// Whether it is the last one before the time asked for, as the coin is gone and there will be
    /// none after it.
    pub is_last_known: bool,
}

impl Ledger {
    /// Adds candles; those that the ledger has stay as they were first known.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn add_candles<'a>(
        &mut self,
        candles: impl IntoIterator<Item = (&'a Symbol, &'a Candle)>,
    ) -> Result<(), Error> {
        self.transaction(|transaction| {
            let mut insert = transaction
                .prepare("INSERT OR IGNORE INTO candles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
            for (symbol, candle) in candles {
                insert.execute(params![
                    symbol.as_str(),
                    candle.open_time_ms,
                    candle.open,
                    candle.high,
                    candle.low,
                    candle.close,
                    candle.volume,
                    candle.quote_volume,
                    candle.count,
                    candle.taker_buy_volume,
                    candle.taker_buy_quote_volume,
                ])?;
            }
            Ok(())
        })
    }

    /// Writes a minute's forecasts and decisions about orders and opens its positions, all or
    /// nothing; returns the positions that were opened.
    ///
    /// A minute that is written a second time changes nothing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn record(&mut self, minute: &Minute) -> Result<Vec<Position>, Error> {
        self.transaction(|transaction| {
            let mut is_new = true;
            for forecast in &minute.forecasts {
                is_new &= insert_forecast(transaction, forecast)?;
            }
            for step in minute.order_steps.iter().filter(|_| is_new) {
                insert_order_step(transaction, step)?;
            }
            if minute.is_paused && is_new {
                let insert = "INSERT OR IGNORE INTO paused_bars VALUES (?1)";
                transaction.execute(insert, [minute.time_ms])?;
            }
            let is_opening = is_new && !minute.is_paused;
            let mut opened = Vec::new();
            // What is no number is never traded on.
            for signal in minute
                .signals
                .iter()
                .filter(|signal| is_opening && signal.forecast.is_finite())
            {
                if let Some(position) = open_position(transaction, minute.time_ms, signal)? {
                    opened.push(position);
                }
            }
            Ok(opened)
        })
    }

    /// Opens and closes all positions whose candle is there by now; returns those that were closed.
    ///
    /// `price` gives the close of a coin's candle at a time, or of the first one after it where the
    /// exchange is known to have none, or the last known one where the coin is gone; None as
    /// long as none of these is known.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn settle(
        &mut self,
        price: impl Fn(&Symbol, i64) -> Option<Price>,
    ) -> Result<Vec<Position>, Error> {
        let open = self.open_positions()?;
        self.transaction(|transaction| {
            let mut closed = Vec::new();
            for mut position in open {
                if position.entry_price.is_none()
                    && let Some(entry) = price(&position.symbol, position.entry_ms)
                {
                    position.entry_price = Some(entry.close);
                    transaction.execute(
                        "UPDATE positions SET entry_price = ?2 WHERE id = ?1 AND entry_price IS NULL",
                        params![position.id, entry.close],
                    )?;
                }
                if position.entry_price.is_some()
                    && let Some(exit) = price(&position.symbol, position.due_ms)
                {
                    (position.exit_ms, position.exit_price) = (Some(exit.time_ms), Some(exit.close));
                    position.is_last_known = exit.is_last_known;
                    transaction.execute(
                        "UPDATE positions SET exit_ms = ?2, exit_price = ?3, last_known = ?4
                         WHERE id = ?1 AND exit_price IS NULL",
                        params![position.id, exit.time_ms, exit.close, exit.is_last_known],
                    )?;
                    closed.push(position);
                }
            }
            Ok(closed)
        })
    }

    /// All positions that are not closed yet, by due time.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open_positions(&self) -> Result<Vec<Position>, Error> {
        self.positions("WHERE exit_price IS NULL ORDER BY due_ms, symbol")
    }

    /// All positions, by the time of their forecast.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn all_positions(&self) -> Result<Vec<Position>, Error> {
        self.positions("ORDER BY forecast_ms, symbol")
    }

    fn positions(&self, which: &str) -> Result<Vec<Position>, Error> {
        let last_known = match self.version >= SINCE_LAST_KNOWN {
            true => "last_known",
            false => "0",
        };
        let forecaster = match self.version >= SINCE_FORECASTERS {
            true => "forecaster",
            false => {
                "(SELECT forecaster FROM forecasts
                  WHERE time = forecast_ms AND forecasts.symbol = positions.symbol)"
            }
        };
        let columns = format!(
            "id, symbol, side, forecast, forecast_ms, entry_ms, entry_price, due_ms, exit_ms, exit_price, fee_bps, \
             slippage_bps, {last_known}, {forecaster}"
        );
        self.query(
            &format!("SELECT {columns} FROM positions {which}"),
            [],
            position,
        )
    }

    /// All logged forecasts from `from_ms` on, by time and coin.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn forecasts(&self, from_ms: i64) -> Result<Vec<LoggedForecast>, Error> {
        let columns =
            "time, symbol, forecast, refused, forecaster, made_at_ms, is_complete, drift_std";
        let text =
            format!("SELECT {columns} FROM forecasts WHERE time >= ?1 ORDER BY time, symbol");
        self.query(&text, [from_ms], |row| {
            Ok(LoggedForecast {
                time_ms: row.get(0)?,
                symbol: symbol(row, 1)?,
                forecast: row.get(2)?,
                refused: row.get(3)?,
                forecaster: row.get(4)?,
                made_at_ms: row.get(5)?,
                is_complete: row.get(6)?,
                drift_std: row.get(7)?,
            })
        })
    }

    /// The last minute that has forecasts, UTC ms; None in a new ledger.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn last_forecast_ms(&self) -> Result<Option<i64>, Error> {
        let last = self.query("SELECT max(time) FROM forecasts", [], |row| {
            row.get::<_, Option<i64>>(0)
        })?;
        Ok(last.into_iter().flatten().next())
    }

    /// A coin's candles with open time in `from_ms..until_ms`, as they were first known.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn candles(
        &self,
        symbol: &Symbol,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<Vec<Candle>, Error> {
        let text =
            "SELECT * FROM candles WHERE symbol = ?1 AND time >= ?2 AND time < ?3 ORDER BY time";
        self.query(text, params![symbol.as_str(), from_ms, until_ms], candle)
    }

    /// A coin's last candle with open time at `until_ms` or before, as it was first known.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn last_candle(&self, symbol: &Symbol, until_ms: i64) -> Result<Option<Candle>, Error> {
        let text =
            "SELECT * FROM candles WHERE symbol = ?1 AND time <= ?2 ORDER BY time DESC LIMIT 1";
        Ok(self
            .query(text, params![symbol.as_str(), until_ms], candle)?
            .pop())
    }

    /// The last `limit` forecasts whose outcome is known, by time: the return over `hold_ms` from the
    /// close that the forecast knew. Those in sample say nothing of what is to come, and are left out.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn outcomes(&self, hold_ms: i64, limit: usize) -> Result<Vec<Outcome>, Error> {
        let text = "SELECT forecasts.time, forecast, later.close / now.close - 1 FROM forecasts
                    JOIN candles now ON now.symbol = forecasts.symbol AND now.time = forecasts.time
                    JOIN candles later ON later.symbol = forecasts.symbol AND later.time = forecasts.time + ?1
                    WHERE forecast IS NOT NULL AND substr(forecaster, 1, length(?3)) <> ?3
                    ORDER BY forecasts.time DESC LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut outcomes = self.query(text, params![hold_ms, limit, IN_SAMPLE], |row| {
            Ok(Outcome {
                time_ms: row.get(0)?,
                forecast: row.get(1)?,
                realized: row.get(2)?,
            })
        })?;
        outcomes.reverse();
        Ok(outcomes)
    }

    pub(crate) fn query<T>(
        &self,
        text: &str,
        parameters: impl rusqlite::Params,
        of_row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let rows = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.connection.prepare(text)?;
            statement.query_map(parameters, of_row)?.collect()
        };
        rows().map_err(|error| Error::sqlite(&self.path, &error))
    }

    pub(crate) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let run = || {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        run().map_err(|error: rusqlite::Error| Error::sqlite(&self.path, &error))
    }
}

/// Whether it was new.
fn insert_forecast(
    transaction: &Transaction<'_>,
    forecast: &LoggedForecast,
) -> rusqlite::Result<bool> {
    let mut insert = transaction
        .prepare("INSERT OR IGNORE INTO forecasts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    let added = insert.execute(params![
        forecast.time_ms,
        forecast.symbol.as_str(),
        forecast.forecast.filter(|value| value.is_finite()),
        forecast.refused,
        forecast.forecaster,
        forecast.made_at_ms,
        forecast.is_complete,
        forecast.drift_std.filter(|value| value.is_finite()),
    ])?;
    Ok(added == 1)
}

fn open_position(
    transaction: &Transaction<'_>,
    forecast_ms: i64,
    signal: &Signal,
) -> rusqlite::Result<Option<Position>> {
    let last_due: Option<i64> = transaction
        .prepare("SELECT max(due_ms) FROM positions WHERE symbol = ?1")?
        .query_row([signal.symbol.as_str()], |row| row.get(0))?;
    if !may_open(forecast_ms, last_due, signal.overlapping) {
        return Ok(None);
    }
    let forecaster: Option<String> = transaction
        .prepare("SELECT max(forecaster) FROM forecasts WHERE time = ?1 AND symbol = ?2")?
        .query_row(params![forecast_ms, signal.symbol.as_str()], |row| {
            row.get(0)
        })?;
    let mut insert = transaction.prepare(
        "INSERT OR IGNORE INTO positions
         (symbol, side, forecast, forecast_ms, entry_ms, due_ms, fee_bps, slippage_bps, forecaster)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let added = insert.execute(params![
        signal.symbol.as_str(),
        signal.side.name(),
        signal.forecast,
        forecast_ms,
        signal.entry_ms,
        signal.due_ms,
        signal.costs.fee_bps,
        signal.costs.slippage_bps,
        forecaster,
    ])?;
    Ok((added == 1).then(|| Position {
        id: transaction.last_insert_rowid(),
        symbol: signal.symbol.clone(),
        side: signal.side,
        forecast: signal.forecast,
        forecast_ms,
        entry_ms: signal.entry_ms,
        entry_price: None,
        due_ms: signal.due_ms,
        exit_ms: None,
        exit_price: None,
        is_last_known: false,
        costs: signal.costs,
        forecaster,
    }))
}

fn candle(row: &Row<'_>) -> rusqlite::Result<Candle> {
    Ok(Candle {
        open_time_ms: row.get(1)?,
        open: row.get(2)?,
        high: row.get(3)?,
        low: row.get(4)?,
        close: row.get(5)?,
        volume: row.get(6)?,
        quote_volume: row.get(7)?,
        count: row.get(8)?,
        taker_buy_volume: row.get(9)?,
        taker_buy_quote_volume: row.get(10)?,
    })
}

fn position(row: &Row<'_>) -> rusqlite::Result<Position> {
    Ok(Position {
        id: row.get(0)?,
        symbol: symbol(row, 1)?,
        side: side(row, 2)?,
        forecast: row.get(3)?,
        forecast_ms: row.get(4)?,
        entry_ms: row.get(5)?,
        entry_price: row.get(6)?,
        due_ms: row.get(7)?,
        exit_ms: row.get(8)?,
        exit_price: row.get(9)?,
        costs: Costs {
            fee_bps: row.get(10)?,
            slippage_bps: row.get(11)?,
        },
        is_last_known: row.get(12)?,
        forecaster: row.get(13)?,
    })
}

//! What a watch writes into its ledger: in order, and later where another program holds the
//! database for a while.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use market::{Candle, Symbol};
use tracing::{info, warn};
use trading::{
    Error, Ledger, Minute, OrderStep, Outcome, Position, Price, Retention, Status, WatchStatus,
};

/// How long one try may wait for another program; the minute goes on without it.
const TRY: Duration = Duration::from_millis(100);

/// Pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the last rows are tried for when the watch ends.
const LAST_TRY: Duration = Duration::from_secs(60);

/// A ledger, and what waits to be written into it.
#[derive(Debug)]
pub struct Book {
    ledger: Ledger,
    waiting: VecDeque<BookEntry>,
    /// The positions that were open when the ledger was last read.
    open: Vec<Position>,
    /// When another program was last found to hold the ledger; None: it is free.
    held_at: Option<Instant>,
}

/// One transaction.
#[derive(Debug)]
enum BookEntry {
    Candles(VecDeque<(Symbol, Candle)>),
    Minute(Minute),
}

impl Book {
    /// A book over a ledger that is open for writing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn new(ledger: Ledger) -> Result<Self, Error> {
        ledger.wait_at_most(TRY)?;
        let open = ledger.open_positions()?;
        Ok(Self {
            ledger,
            waiting: VecDeque::new(),
            open,
            held_at: None,
        })
    }

    /// The positions that were open when the ledger could last be read.
    pub fn open_positions(&self) -> &[Position] {
        &self.open
    }

    /// Writes candles down, or keeps them until that is possible; returns the positions that were
    /// opened by now.
    ///
    /// # Errors
    /// What SQLite says, but for a database that another program holds.
    pub fn add_candles(
        &mut self,
        candles: VecDeque<(Symbol, Candle)>,
    ) -> Result<Vec<Position>, Error> {
        if !candles.is_empty() {
            self.waiting.push_back(BookEntry::Candles(candles));
        }
        self.write()
    }

    /// Writes a minute down, or keeps it until that is possible; returns the positions that were
    /// opened by now.
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn record(&mut self, minute: Minute) -> Result<Vec<Position>, Error> {
        self.waiting.push_back(BookEntry::Minute(minute));
        self.write()
    }

    /// Whether entries wait and it is time to try again.
    pub fn is_due(&self) -> bool {
        !self.waiting.is_empty()
            && self
                .held_at
                .is_none_or(|held_at| held_at.elapsed() >= PAUSE)
    }

    /// Writes what waits, in order, until another program is in the way; returns the positions that
    /// were opened.
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn write(&mut self) -> Result<Vec<Position>, Error> {
        let mut opened = Vec::new();
        while let Some(entry) = self.waiting.front() {
            let written = match entry {
                BookEntry::Candles(candles) => {
                    let candles = candles.iter().map(|(symbol, candle)| (symbol, candle));
                    self.ledger.add_candles(candles).map(|()| Vec::new())
                }
                BookEntry::Minute(minute) => self.ledger.record(minute),
            };
            match self.unless_held(written)? {
                Some(positions) => opened.extend(positions),
                None => break,
            }
            self.waiting.pop_front();
        }
        Ok(opened)
    }

    /// Opens and closes positions whose price is there; see [`Ledger::settle`]. Nothing while
    /// entries wait.
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn settle(
        &mut self,
        price: impl Fn(&Symbol, i64) -> Option<Price>,
    ) -> Result<Vec<Position>, Error> {
        if !self.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let closed = self.ledger.settle(price);
        let closed = self.unless_held(closed)?.unwrap_or_default();
        let open = self.ledger.open_positions();
        if let Some(open) = self.unless_held(open)? {
            self.open = open;
        }
        Ok(closed)
    }

    /// Writes down what parts of orders were filled at; see [`Ledger::fill_orders`]. Nothing while
    /// entries wait.
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn fill_orders(
        &mut self,
        price: impl Fn(&Symbol, i64) -> Option<Price>,
    ) -> Result<Vec<OrderStep>, Error> {
        if !self.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let filled = self.ledger.fill_orders(price);
        Ok(self.unless_held(filled)?.unwrap_or_default())
    }

    /// The last candle of a coin at `until_ms` or before, as far as the ledger knows.
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn last_candle(&mut self, symbol: &Symbol, until_ms: i64) -> Result<Option<Candle>, Error> {
        let last = self.ledger.last_candle(symbol, until_ms);
        Ok(self.unless_held(last)?.flatten())
    }

    /// The last forecasts with what came; see [`Ledger::outcomes`].
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn outcomes(&mut self, hold_ms: i64, limit: usize) -> Result<Vec<Outcome>, Error> {
        let outcomes = self.ledger.outcomes(hold_ms, limit);
        Ok(self.unless_held(outcomes)?.unwrap_or_default())
    }

    /// What is asked of the watch, and what was found of its ledger; None while another program holds it,
    /// or where it cannot be read, which is said.
    pub fn status(&mut self) -> Option<Status> {
        let status = self.ledger.status();
        match self.unless_held(status) {
            Ok(status) => status,
            Err(error) => {
                warn!("the ledger's status cannot be read: {error}");
                None
            }
        }
    }

    /// Writes down what the watch says of itself. Nothing while entries wait: the next bar says more.
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn set_status(&mut self, status: &WatchStatus) -> Result<(), Error> {
        if self.waiting.is_empty() {
            let written = self.ledger.set_watch_status(status);
            self.unless_held(written)?;
        }
        Ok(())
    }

    /// Takes some of what is old out of the ledger; see [`Ledger::prune_some`]. Nothing while entries
    /// wait.
    ///
    /// # Errors
    /// As [`Book::add_candles`].
    pub fn prune(&mut self, retention: &Retention) -> Result<(), Error> {
        if self.waiting.is_empty() {
            let pruned = self.ledger.prune_some(retention);
            self.unless_held(pruned)?;
        }
        Ok(())
    }

    /// Writes all that waits, with more patience than while the watch goes on.
    ///
    /// # Errors
    /// As [`Book::add_candles`], and a database that is held all the time: what is lost is counted.
    pub fn finish(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while !self.waiting.is_empty() {
            self.write()?;
            if self.waiting.is_empty() {
                break;
            }
            if began.elapsed() > LAST_TRY {
                let minutes = self
                    .waiting
                    .iter()
                    .filter(|entry| matches!(entry, BookEntry::Minute(_)))
                    .count();
                let reason = format!(
                    "{minutes} minutes could not be written within {} s",
                    LAST_TRY.as_secs()
                );
                return Err(Error::Busy {
                    path: self.ledger.path().to_owned(),
                    reason,
                });
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// None where another program holds the ledger, which is said once.
    fn unless_held<T>(&mut self, result: Result<T, Error>) -> Result<Option<T>, Error> {
        match result {
            Err(error @ Error::Busy { .. }) => {
                if self.held_at.replace(Instant::now()).is_none() {
                    warn!("{error}: what is to be written is kept until it is free");
                }
                Ok(None)
            }
            Err(error) => Err(error),
            Ok(value) => {
                if self.held_at.is_some() && self.waiting.len() <= 1 {
                    self.held_at = None;
                    info!("the ledger is free again");
                }
                Ok(Some(value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use trading::LoggedForecast;

    use super::*;

    fn minute(time_ms: i64) -> Minute {
        let forecast = LoggedForecast {
            time_ms,
            symbol: Symbol::new("BTCUSDT").unwrap(),
            forecast: Some(0.5),
            refused: None,
            forecaster: "network".to_owned(),
            made_at_ms: time_ms,
            is_complete: true,
            drift_std: None,
        };
        Minute {
            time_ms,
            forecasts: vec![forecast],
            signals: Vec::new(),
            order_steps: Vec::new(),
            is_paused: false,
        }
    }

    /// Another program's lock for ten seconds once ended the watch.
    #[test]
    fn what_is_written_while_another_program_holds_the_ledger_is_there_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.sqlite");
        let mut book = Book::new(Ledger::open(&path).unwrap()).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        for bar in 0..3 {
            let candle = Candle::close_only(bar * 60_000, 1.0);
            assert_eq!(
                book.add_candles([(Symbol::new("BTCUSDT").unwrap(), candle)].into())
                    .unwrap(),
                []
            );
            assert_eq!(book.record(minute(bar * 60_000)).unwrap(), []);
            assert_eq!(book.settle(|_, _| None).unwrap(), []);
        }
        assert!(!book.is_due(), "not at once again");
        assert_eq!(Ledger::read_only(&path).unwrap().forecasts(0).unwrap(), []);
        other.execute_batch("ROLLBACK").unwrap();
        book.finish().unwrap();
        let ledger = Ledger::read_only(&path).unwrap();
        assert_eq!(ledger.forecasts(0).unwrap().len(), 3);
        assert_eq!(
            ledger
                .candles(&Symbol::new("BTCUSDT").unwrap(), 0, 180_000)
                .unwrap()
                .len(),
            3
        );
    }
}

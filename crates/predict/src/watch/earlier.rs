//! What coins were called before: candles of then belong to the history of a forecast.

use std::collections::{BTreeMap, VecDeque};

use dataset::{CandleTable, Config, SymbolEvents};
use market::{Candle, Error, Interval, RestClient, Served, Symbol};
use tokio::task::{JoinError, JoinSet};
use tracing::{info, warn};

use crate::live::FINAL_AFTER_MS;

/// The candles that coins had under earlier names.
#[derive(Debug)]
pub struct EarlierNames {
    events: SymbolEvents,
    interval: Interval,
    /// Names that are still to be asked for, each with the time until which it was a coin's, UTC ms.
    pending: Vec<(Symbol, i64)>,
    /// Requests under way.
    asked: JoinSet<Answer>,
    candles: BTreeMap<Symbol, CandleTable>,
}

/// A name, the time until which it was a coin's, and what the exchange serves of it.
type Answer = (Symbol, i64, Result<Served, Error>);

impl EarlierNames {
    /// The names of `data.symbols_file` that coins of the universe had at `first_ms` or later.
    ///
    /// # Errors
    /// A file that is refused.
    pub fn of(config: &Config, first_ms: i64) -> Result<Self, dataset::Error> {
        let events = SymbolEvents::of(&config.data)?;
        let symbols = config.universe.symbols.iter();
        let names = symbols.flat_map(|symbol| events.earlier_names(symbol));
        let pending = names
            .filter(|(_, until_ms)| first_ms < *until_ms)
            .map(|(name, until_ms)| (name.clone(), until_ms))
            .collect();
        Ok(Self {
            events,
            interval: config.data.interval,
            pending,
            asked: JoinSet::new(),
            candles: BTreeMap::new(),
        })
    }

    /// Keeps the candles that `before` has of the same names.
    pub fn take_over(&mut self, mut before: Self) {
        for (name, until_ms) in std::mem::take(&mut self.pending) {
            match before.candles.remove(&name) {
                Some(candles) => drop(self.candles.insert(name, candles)),
                None => self.pending.push((name, until_ms)),
            }
        }
    }

    /// Asks for the names that are still to be asked for, of bars from `first_ms` up to the last that is
    /// closed at `now_ms`, and waits for nothing.
    pub fn ask(&mut self, client: &RestClient, (first_ms, now_ms): (i64, i64)) {
        let interval = self.interval;
        let closed_ms = now_ms.div_euclid(interval.ms()) * interval.ms();
        for (name, until_ms) in std::mem::take(&mut self.pending) {
            let client = client.clone();
            self.asked.spawn(async move {
                // No candle follows the last one of a name that ended: by then it counts as final.
                let served = client
                    .closed_by(
                        &name,
                        interval,
                        first_ms,
                        until_ms.min(closed_ms),
                        closed_ms + FINAL_AFTER_MS,
                    )
                    .await;
                (name, until_ms, served)
            });
        }
    }

    /// The candles that have come since they were last taken.
    pub fn take(&mut self) -> VecDeque<(Symbol, Candle)> {
        let mut arrived = VecDeque::new();
        while let Some(answer) = self.asked.try_join_next() {
            arrived.extend(self.answered(answer));
        }
        arrived
    }

    /// Waits for all that was asked for; returns the candles that came.
    pub async fn finish(&mut self) -> VecDeque<(Symbol, Candle)> {
        let mut arrived = VecDeque::new();
        while let Some(answer) = self.asked.join_next().await {
            arrived.extend(self.answered(answer));
        }
        arrived
    }

    /// Keeps what came. A name that failed is asked for again, unless the exchange does not know it.
    fn answered(&mut self, answer: Result<Answer, JoinError>) -> Vec<(Symbol, Candle)> {
        // A task that has ended abnormally says nothing of its name.
        let Ok((name, until_ms, served)) = answer else {
            return Vec::new();
        };
        match served {
            Ok(served) => {
                info!(%name, candles = served.candles.len(), "candles of a coin's earlier name");
                let arrived = served.candles.iter().map(|candle| (name.clone(), *candle));
                let arrived = arrived.collect();
                self.candles
                    .insert(name, served.candles.into_iter().collect());
                arrived
            }
            Err(error) => {
                warn!(%name, hint = error.hint(), "a coin's earlier name: its candles count as missing: {error}");
                if !matches!(error, Error::Rejected { .. }) {
                    self.pending.push((name, until_ms));
                }
                Vec::new()
            }
        }
    }

    /// A coin's candles under all its names, in its first unit, as the store's reader has them; `own` are
    /// those of its last name.
    pub fn joined(&self, symbol: &Symbol, own: CandleTable) -> CandleTable {
        let of_name = |name: &Symbol| match name == symbol {
            true => Ok::<_, std::convert::Infallible>(own.clone()),
            false => Ok(self.candles.get(name).cloned().unwrap_or_default()),
        };
        match self.events.joined(symbol, &of_name) {
            Ok(candles) => candles,
            Err(never) => match never {},
        }
    }
}

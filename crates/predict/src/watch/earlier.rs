//! What coins were called before: candles of then belong to the history of a forecast.

use std::collections::{BTreeMap, VecDeque};

use dataset::{CandleTable, Config, SymbolEvents};
use market::{Candle, Error, Interval, RestClient, Symbol};
use tracing::{info, warn};

use crate::live::FINAL_AFTER_MS;

/// The candles that coins had under earlier names.
#[derive(Debug)]
pub struct EarlierNames {
    events: SymbolEvents,
    interval: Interval,
    /// Names that are still to be asked for, each with the time until which it was a coin's, UTC ms.
    pending: Vec<(Symbol, i64)>,
    candles: BTreeMap<Symbol, CandleTable>,
}

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
            candles: BTreeMap::new(),
        })
    }

    /// Asks for the names that are still to be asked for, of bars from `first_ms` up to the last that is
    /// closed at `now_ms`; returns what came. One that fails is asked for again by the next call, unless
    /// the exchange does not know the name.
    pub async fn ask(
        &mut self,
        client: &RestClient,
        (first_ms, now_ms): (i64, i64),
    ) -> VecDeque<(Symbol, Candle)> {
        let step = self.interval.ms();
        let closed_ms = now_ms.div_euclid(step) * step;
        let mut arrived = VecDeque::new();
        for (name, until_ms) in std::mem::take(&mut self.pending) {
            // No candle follows the last one of a name that ended: by then it counts as final.
            let asked = client.closed_by(
                &name,
                self.interval,
                first_ms,
                until_ms.min(closed_ms),
                closed_ms + FINAL_AFTER_MS,
            );
            match asked.await {
                Ok(served) => {
                    info!(%name, candles = served.candles.len(), "candles of a coin's earlier name");
                    arrived.extend(served.candles.iter().map(|candle| (name.clone(), *candle)));
                    self.candles
                        .insert(name, served.candles.into_iter().collect());
                }
                Err(error) => {
                    warn!(%name, hint = error.hint(), "a coin's earlier name: its candles count as missing: {error}");
                    if !matches!(error, Error::Rejected { .. }) {
                        self.pending.push((name, until_ms));
                    }
                }
            }
        }
        arrived
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

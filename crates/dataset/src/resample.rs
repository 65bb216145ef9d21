//! Longer candles out of shorter ones, whole ones only.

use std::collections::BTreeSet;

use market::{Interval, Symbol};

use crate::{CandleTable, Column, DataConfig, Error, Store, SymbolEvents};

/// Reads a store's candles in the interval that the config asks for: as they are stored, or made of
/// shorter ones.
#[derive(Debug, Clone)]
pub struct CandleReader {
    store: Store,
    interval: Interval,
    events: SymbolEvents,
}

impl CandleReader {
    /// A reader of the store in `data.dir`; nothing but `data.symbols_file` is read yet.
    ///
    /// # Errors
    /// A `data.resample_from` that does not divide `data.interval`; a file of symbols that is refused.
    pub fn new(data: &DataConfig) -> Result<Self, Error> {
        let stored = data.stored_interval()?;
        Ok(Self {
            store: Store::new(&data.dir, data.market, stored),
            interval: data.interval,
            events: SymbolEvents::of(data)?,
        })
    }

    /// The store that is read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The candles of `symbol` with open time in `[from_ms, until_ms)`, with the columns asked for
    /// (others are NaN).
    ///
    /// A candle that is not whole by `until_ms`, or lacks one of those it is made of, is left out.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read(
        &self,
        symbol: &Symbol,
        columns: &[Column],
        from_ms: i64,
        until_ms: i64,
    ) -> Result<CandleTable, Error> {
        let stored = self.store.interval();
        let of_name = |name: &Symbol| self.store.read(name, columns, from_ms, until_ms);
        let candles = self.events.joined(symbol, &of_name)?;
        Ok(match stored == self.interval {
            true => candles,
            false => candles.resampled(stored, self.interval),
        })
    }

    /// What is known of the coins beside their candles.
    pub fn events(&self) -> &SymbolEvents {
        &self.events
    }

    /// All symbols of the store but those that a coin had before it got another which the store has
    /// too.
    ///
    /// # Errors
    /// As [`Store::symbols`].
    pub fn symbols(&self) -> Result<Vec<Symbol>, Error> {
        let mut symbols = self.store.symbols()?;
        let names = symbols
            .iter()
            .flat_map(|symbol| self.events.earlier_names(symbol));
        let earlier: BTreeSet<Symbol> = names.map(|(name, _)| name.clone()).collect();
        symbols.retain(|symbol| !earlier.contains(symbol));
        Ok(symbols)
    }

    /// Open time of the symbol's last candle; None where the store has none.
    ///
    /// # Errors
    /// A file that is broken.
    pub fn last_ms(&self, symbol: &Symbol) -> Result<Option<i64>, Error> {
        if self.store.interval() == self.interval {
            return Ok(self.store.audit(symbol)?.map(|audit| audit.last_ms));
        }
        if self.store.audit(symbol)?.is_none() {
            return Ok(None);
        }
        Ok(self
            .read(symbol, &[], i64::MIN, i64::MAX)?
            .open_time_ms
            .last()
            .copied())
    }
}

impl CandleTable {
    /// Candles of the interval `to` out of these, which have the interval `from`: its first open,
    /// highest high, lowest low, last close, market cap and supply, and sums of volumes.
    ///
    /// A candle is made only where all its parts are there, and has no value in a column where one
    /// of them has none. A target that came along is dropped: it belongs to the shorter candle.
    pub fn resampled(&self, from: Interval, to: Interval) -> Self {
        let parts = (to.ms() / from.ms()) as usize;
        let mut whole = Self::default();
        let mut first = 0;
        while first < self.len() {
            let open_time_ms = self.open_time_ms[first].div_euclid(to.ms()) * to.ms();
            let next = first
                + self.open_time_ms[first..].partition_point(|&time| time < open_time_ms + to.ms());
            if next - first == parts {
                whole.push_row(
                    open_time_ms,
                    Column::ALL.map(|column| joined(column, self.column(column), first..next)),
                );
            }
            first = next;
        }
        whole
    }
}

/// The value of a longer candle in `column`, whose shorter candles are `parts` of `values`; NaN
/// where one has none, of a size where the last one has none.
fn joined(column: Column, values: &[f64], parts: std::ops::Range<usize>) -> f64 {
    let is_whole = |values: &&[f64]| column.is_size() || values.iter().all(|value| !value.is_nan());
    let Some(values) = values.get(parts).filter(is_whole) else {
        return f64::NAN;
    };
    let value = match column {
        Column::Open => values.first().copied(),
        Column::High => values.iter().copied().reduce(f64::max),
        Column::Low => values.iter().copied().reduce(f64::min),
        Column::Close | Column::MarketCap | Column::CirculatingSupply => values.last().copied(),
        Column::Volume
        | Column::QuoteVolume
        | Column::Count
        | Column::TakerBuyVolume
        | Column::TakerBuyQuoteVolume => Some(values.iter().sum()),
        Column::Target => None,
    };
    value.unwrap_or(f64::NAN)
}

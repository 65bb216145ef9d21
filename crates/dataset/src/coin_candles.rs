//! The candles of a config's coins, a coin at a time and without a grid: what a description of the
//! data reads, which never holds all of them.

use std::collections::BTreeSet;

use market::Symbol;

use crate::source_panel::{
    KnownCoins, no_candles, simulated_coins, wanted_symbols, with_known_coins,
};
use crate::{CandleReader, CandleTable, Column, Config, Error, LeftOut, Source};

/// The coins that a config names, and where their candles come from.
#[derive(Debug)]
pub struct CoinCandles {
    /// The coins that have candles, at least one.
    pub symbols: Vec<Symbol>,
    /// Coins that the config names or the store has, without a candle between `data.from` and
    /// `data.until`.
    pub without_candles: Vec<Symbol>,
    /// Coins that the rule of the universe leaves out.
    pub left_out: Vec<LeftOut>,
    /// First open time of all candles, and the last one, UTC milliseconds.
    pub open_times_ms: (i64, i64),
    range_ms: (i64, i64),
    source: CandleSource,
}

#[derive(Debug)]
enum CandleSource {
    Store(CandleReader),
    Simulated(Vec<(Symbol, CandleTable)>),
}

impl CoinCandles {
    /// Finds the coins. Of a store the times of their candles are read, nothing else.
    ///
    /// # Errors
    /// A config that is refused; no candles at all; a file that is broken.
    pub fn of(config: &Config) -> Result<Self, Error> {
        config.universe.validate()?;
        config.validate_data()?;
        let KnownCoins {
            config,
            without_candles,
            left_out,
            ..
        } = with_known_coins(config)?;
        let (source, wanted) = match config.data.source {
            Source::Simulated => {
                let coins = simulated_coins(&config)?.0;
                let symbols = coins.iter().map(|(symbol, _)| symbol.clone()).collect();
                (CandleSource::Simulated(coins), symbols)
            }
            Source::Store => {
                let reader = CandleReader::new(&config.data)?;
                let symbols = wanted_symbols(&config, &reader)?;
                (CandleSource::Store(reader), symbols)
            }
        };
        let mut coins = Self {
            symbols: Vec::new(),
            without_candles,
            left_out,
            open_times_ms: (i64::MAX, i64::MIN),
            range_ms: config.range_ms()?,
            source,
        };
        for symbol in wanted {
            let times = match coins.read(&symbol, &[]) {
                Err(Error::NoCandles { .. }) => Vec::new(),
                found => found?.open_time_ms,
            };
            let (Some(&first), Some(&last)) = (times.first(), times.last()) else {
                coins.without_candles.push(symbol);
                continue;
            };
            let (earliest, latest) = coins.open_times_ms;
            coins.open_times_ms = (earliest.min(first), latest.max(last));
            coins.symbols.push(symbol);
        }
        match coins.symbols.is_empty() {
            true => Err(no_candles()),
            false => Ok(coins),
        }
    }

    /// A coin's candles between `data.from` and `data.until`, with the columns asked for.
    ///
    /// # Errors
    /// As [`Store::read`](crate::Store::read).
    pub fn read(&self, symbol: &Symbol, columns: &[Column]) -> Result<CandleTable, Error> {
        let (from_ms, until_ms) = self.range_ms;
        match &self.source {
            CandleSource::Store(reader) => reader.read(symbol, columns, from_ms, until_ms),
            CandleSource::Simulated(coins) => {
                let own = coins.iter().find(|(other, _)| other == symbol);
                Ok(own.map_or_else(CandleTable::default, |(_, candles)| candles.clone()))
            }
        }
    }

    /// Dates of the coin's forks, whose return counts however large it is, UTC milliseconds.
    pub fn forks(&self, symbol: &Symbol) -> BTreeSet<i64> {
        match &self.source {
            CandleSource::Store(reader) => reader.events().forks(symbol),
            CandleSource::Simulated(_) => BTreeSet::new(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{DataConfig, Store, UniverseConfig};

    const DAY_MS: i64 = 86_400_000;

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    #[test]
    fn coins_without_candles_are_named_and_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataConfig {
            dir: folder.path().to_owned(),
            interval: "1d".parse().unwrap(),
            from: Some("1970-01-03".to_owned()),
            ..DataConfig::default()
        };
        let store = Store::new(&data.dir, data.market, data.interval);
        for (name, days) in [("AUSDT", 0..5), ("BUSDT", 3..7), ("OLDUSDT", 0..2)] {
            let mut row = [f64::NAN; Column::ALL.len()];
            row[Column::Close as usize] = 2.0;
            let table = days.map(|day: i64| (day * DAY_MS, row)).collect();
            store.append(&symbol(name), &table, false).unwrap();
        }
        let named = ["AUSDT", "BUSDT", "OLDUSDT", "NOUSDT"].map(symbol);
        let config = |symbols: &[Symbol]| Config {
            data: data.clone(),
            universe: UniverseConfig {
                symbols: symbols.to_vec(),
                ..UniverseConfig::default()
            },
            ..Config::default()
        };
        let coins = CoinCandles::of(&config(&named)).unwrap();
        assert_eq!(coins.symbols, named[..2]);
        assert_eq!(coins.without_candles, named[2..]);
        assert_eq!(coins.open_times_ms, (2 * DAY_MS, 6 * DAY_MS));
        assert_eq!(coins.read(&named[0], &[]).unwrap().len(), 3);
        // All of the store: the one that ended before is named too.
        let all = CoinCandles::of(&config(&[])).unwrap();
        assert_eq!((all.symbols.len(), all.without_candles.len()), (2, 1));
        let none = CoinCandles::of(&config(&named[2..])).unwrap_err();
        assert!(none.to_string().contains("found 0 rows"), "{none}");
    }
}

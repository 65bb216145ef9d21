//! `symbols.toml`: what explains a price that jumps, a coin that ends, or a name that changes.

use std::collections::BTreeSet;
use std::path::Path;

use market::Symbol;
use serde::Deserialize;

use crate::{CandleTable, Column, DataConfig, Error, parse_time};

/// What is known of coins beside their candles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SymbolEvents {
    /// In order of time.
    events: Vec<SymbolEvent>,
}

/// One event of one coin.
#[derive(Debug, Clone, PartialEq)]
struct SymbolEvent {
    symbol: Symbol,
    /// Open time of the first candle that it holds for, UTC milliseconds.
    date_ms: i64,
    kind: EventKind,
}

#[derive(Debug, Clone, PartialEq)]
enum EventKind {
    /// The return of the candle that opens then is one, however large.
    Fork,
    /// One old unit is so many new ones from then on.
    Redenomination(f64),
    /// The coin had another symbol until then.
    Rebrand(Symbol),
    /// The coin has no candles from then on.
    Delisting,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventFile {
    #[serde(default, rename = "event")]
    events: Vec<EventEntry>,
}

/// One `[[event]]` of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventEntry {
    symbol: Symbol,
    date: String,
    kind: KindName,
    /// Of a redenomination: how many new units one old unit is.
    factor: Option<f64>,
    /// Of a rebrand: the symbol until then.
    from: Option<Symbol>,
    /// For people.
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindName {
    Fork,
    Redenomination,
    Rebrand,
    Delisting,
}

impl SymbolEvents {
    /// Reads `data.symbols_file`; none where the config names no file.
    ///
    /// # Errors
    /// A file that cannot be read; an event that makes no sense, with its number in the file.
    pub fn of(data: &DataConfig) -> Result<Self, Error> {
        data.symbols_file
            .as_deref()
            .map_or(Ok(Self::default()), Self::read)
    }

    fn read(path: &Path) -> Result<Self, Error> {
        const HINT: &str = "the book's chapter on candles shows the form of data.symbols_file";
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let file: EventFile = toml::from_str(&text)
            .map_err(|error| Error::refused(path, error.to_string().trim_end(), HINT))?;
        let mut events = Vec::with_capacity(file.events.len());
        for (number, entry) in (1..).zip(file.events) {
            let symbol = entry.symbol.clone();
            let event = entry.checked().map_err(|reason| {
                Error::refused(path, format!("event {number}, of {symbol}: {reason}"), HINT)
            })?;
            events.push(event);
        }
        events.sort_by_key(|event: &SymbolEvent| event.date_ms);
        let events = Self { events };
        match events.ambiguous() {
            None => Ok(events),
            Some(symbol) => {
                let reason = format!(
                    "{symbol}: expected at most one rebrand to a symbol, and no way back to it"
                );
                Err(Error::refused(path, reason, HINT))
            }
        }
    }

    /// A symbol with more than one earlier name, or one that is its own earlier name.
    fn ambiguous(&self) -> Option<&Symbol> {
        let is_rebrand = |event: &&SymbolEvent| matches!(event.kind, EventKind::Rebrand(_));
        let rebrands = || self.events.iter().filter(is_rebrand);
        let is_twice = |symbol: &Symbol| rebrands().filter(|one| one.symbol == *symbol).count() > 1;
        let is_circular = |symbol: &Symbol| {
            let earlier = |name: &Symbol| self.earlier_name(name).map(|(name, _)| name.clone());
            let names = std::iter::successors(earlier(symbol), earlier);
            names.take(self.events.len()).any(|name| name == *symbol)
        };
        rebrands()
            .map(|event| &event.symbol)
            .find(|symbol| is_twice(symbol) || is_circular(symbol))
    }

    fn of_symbol(&self, symbol: &Symbol) -> impl Iterator<Item = &SymbolEvent> {
        self.events
            .iter()
            .filter(move |event| event.symbol == *symbol)
    }

    /// The symbol that a coin had before, and the time from which it has its own.
    pub(crate) fn earlier_name(&self, symbol: &Symbol) -> Option<(&Symbol, i64)> {
        self.of_symbol(symbol).find_map(|event| match &event.kind {
            EventKind::Rebrand(from) => Some((from, event.date_ms)),
            _ => None,
        })
    }

    /// All symbols that a coin had before, the last one first, each with the time until which it had it.
    pub fn earlier_names(&self, symbol: &Symbol) -> impl Iterator<Item = (&Symbol, i64)> {
        let last = self.earlier_name(symbol);
        std::iter::successors(last, |(name, _)| self.earlier_name(name))
    }

    /// Open times of candles whose return counts, however large.
    pub fn forks(&self, symbol: &Symbol) -> BTreeSet<i64> {
        let forks = self
            .of_symbol(symbol)
            .filter(|event| event.kind == EventKind::Fork);
        forks.map(|event| event.date_ms).collect()
    }

    /// A coin's candles under all the names that it had until its end, in its first unit: what comes after a
    /// redenomination is counted in the unit before, so that no earlier candle changes by what came later.
    /// `of_name` are the stored or served candles of one name.
    ///
    /// # Errors
    /// What `of_name` says.
    pub fn joined<E>(
        &self,
        symbol: &Symbol,
        of_name: &dyn Fn(&Symbol) -> Result<CandleTable, E>,
    ) -> Result<CandleTable, E> {
        let own = of_name(symbol)?;
        let candles = match self.earlier_name(symbol) {
            None => own,
            Some((earlier, date_ms)) => {
                let before = self.joined(earlier, of_name)?;
                let mut candles = before.filter(|time| time < date_ms);
                let own = own.filter(|time| time >= date_ms);
                candles.append(self.in_earlier_unit(symbol, own));
                candles
            }
        };
        Ok(self.adjusted_by_own(symbol, candles))
    }

    /// A symbol's own candles in the unit that the coin had under its earlier names, which were
    /// redenominated before it got this one.
    fn in_earlier_unit(&self, symbol: &Symbol, mut candles: CandleTable) -> CandleTable {
        for (name, until_ms) in self.earlier_names(symbol) {
            for event in self.of_symbol(name) {
                match event.kind {
                    EventKind::Redenomination(factor) if event.date_ms <= until_ms => {
                        candles.change_unit(i64::MIN, factor);
                    }
                    _ => {}
                }
            }
        }
        candles
    }

    /// Candles of a coin as the events of its last symbol say.
    fn adjusted_by_own(&self, symbol: &Symbol, candles: CandleTable) -> CandleTable {
        self.of_symbol(symbol)
            .fold(candles, |mut candles, event| match event.kind {
                EventKind::Delisting => candles.filter(|time| time < event.date_ms),
                EventKind::Redenomination(factor) => {
                    candles.change_unit(event.date_ms, factor);
                    candles
                }
                EventKind::Fork | EventKind::Rebrand(_) => candles,
            })
    }
}

impl EventEntry {
    fn checked(self) -> Result<SymbolEvent, String> {
        let date_ms = parse_time(&self.date).map_err(|_| {
            format!(
                "date = {:?}, expected a time in UTC such as 2021-06-18",
                self.date
            )
        })?;
        let kind = match (self.kind, self.factor, self.from) {
            (KindName::Fork, None, None) => EventKind::Fork,
            (KindName::Delisting, None, None) => EventKind::Delisting,
            (KindName::Redenomination, Some(factor), None)
                if factor > 0.0 && factor.is_finite() =>
            {
                EventKind::Redenomination(factor)
            }
            (KindName::Redenomination, Some(factor), None) => {
                return Err(format!("factor = {factor}, expected a number above 0"));
            }
            (KindName::Rebrand, None, Some(from)) => EventKind::Rebrand(from),
            _ => {
                return Err(
                    "expected `factor` with a redenomination, `from` with a rebrand, and neither \
                     otherwise"
                        .to_owned(),
                );
            }
        };
        Ok(SymbolEvent {
            symbol: self.symbol,
            date_ms,
            kind,
        })
    }
}

impl CandleTable {
    /// Counts the candles from `date_ms` on in units of which each is `factor` of theirs.
    fn change_unit(&mut self, date_ms: i64, factor: f64) {
        for column in Column::ALL {
            let factor = match column {
                _ if column.is_price() => factor,
                Column::Volume | Column::TakerBuyVolume | Column::CirculatingSupply => 1.0 / factor,
                _ => continue,
            };
            self.scale(column, date_ms, factor);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn read(text: &str) -> Result<SymbolEvents, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("symbols.toml");
        std::fs::write(&path, text).unwrap();
        let data = DataConfig {
            symbols_file: Some(path),
            ..DataConfig::default()
        };
        SymbolEvents::of(&data).map_err(|error| error.to_string())
    }

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    fn candles() -> CandleTable {
        let row = |day: i64| {
            let mut row = [f64::NAN; Column::ALL.len()];
            row[Column::Close as usize] = 1000.0 + day as f64;
            row[Column::Volume as usize] = 8.0;
            row[Column::MarketCap as usize] = 5.0;
            (day * DAY_MS, row)
        };
        (0..4).map(row).collect()
    }

    fn joined(events: &SymbolEvents, name: &str) -> CandleTable {
        let of_name = |_: &Symbol| Ok::<_, Error>(candles());
        events.joined(&symbol(name), &of_name).unwrap()
    }

    /// One old unit became 1000 new ones, each worth a thousandth: later candles are in the old unit.
    #[test]
    fn a_redenomination_changes_no_earlier_candle() {
        let events = read(
            "[[event]]\nsymbol = \"SUNUSDT\"\nkind = \"redenomination\"\ndate = \"1970-01-03\"\nfactor = 1000\nnote = \"1:1000\"",
        )
        .unwrap();
        let found = joined(&events, "SUNUSDT");
        assert_eq!(
            found.column(Column::Close),
            [1000.0, 1001.0, 1_002_000.0, 1_003_000.0]
        );
        assert_eq!(found.column(Column::Volume), [8.0, 8.0, 0.008, 0.008]);
        assert_eq!(found.column(Column::MarketCap), [5.0; 4]);
        let other = joined(&events, "BTCUSDT");
        assert_eq!(other.column(Column::Close), candles().column(Column::Close));
    }

    #[test]
    fn a_delisting_ends_a_coin() {
        let events =
            read("[[event]]\nsymbol = \"LUNAUSDT\"\nkind = \"delisting\"\ndate = \"1970-01-03\"")
                .unwrap();
        let found = joined(&events, "LUNAUSDT");
        assert_eq!(found.open_time_ms, [0, DAY_MS]);
    }

    #[test]
    fn names_and_forks_are_told() {
        let events = read(
            "[[event]]\nsymbol = \"NEWUSDT\"\nkind = \"rebrand\"\nfrom = \"OLDUSDT\"\ndate = \"1970-01-02\"\n\
             [[event]]\nsymbol = \"NEWUSDT\"\nkind = \"fork\"\ndate = \"1970-01-03\"",
        )
        .unwrap();
        let (new, old) = (symbol("NEWUSDT"), symbol("OLDUSDT"));
        assert_eq!(events.earlier_name(&new), Some((&old, DAY_MS)));
        assert!(events.earlier_names(&new).eq([(&old, DAY_MS)]));
        assert_eq!(events.earlier_names(&old).count(), 0);
        assert_eq!(events.forks(&new), BTreeSet::from([2 * DAY_MS]));
        assert_eq!(read("").unwrap(), SymbolEvents::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_number() {
        let event = |text: &str| {
            read(&format!(
                "[[event]]\nsymbol = \"AUSDT\"\ndate = \"2021-06-18\"\n{text}"
            ))
            .unwrap_err()
        };
        for (text, expected) in [
            (
                "kind = \"redenomination\"",
                "event 1, of AUSDT: expected `factor`",
            ),
            (
                "kind = \"redenomination\"\nfactor = 0",
                "factor = 0, expected a number above 0",
            ),
            ("kind = \"rebrand\"", "`from` with a rebrand"),
            ("kind = \"fork\"\nfactor = 2", "neither otherwise"),
            ("kind = \"split\"", "unknown variant `split`"),
            ("kind = \"fork\"\nwhen = 2", "unknown field `when`"),
            ("kind = \"rebrand\"\nfrom = \"AUSDT\"", "no way back to it"),
        ] {
            let found = event(text);
            assert!(found.contains(expected), "{text}: {found}");
        }
    }
}

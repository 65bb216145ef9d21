//! A universe by rule: the pairs of a quote currency, without those that are no coins of their own.

use market::{Interval, Symbol};

use crate::{CandleReader, CandleTable, Column, Error, UniverseConfig, format_time};

/// Least share of bars with a candle.
const LEAST_SHARE: f64 = 0.9;

/// What the symbols of leveraged tokens have between the coin and the quote currency.
const LEVERAGED: [&str; 4] = ["UP", "DOWN", "BULL", "BEAR"];

/// What is worth a fixed amount of a currency or of gold, or is another coin in a wrapper.
const PEGGED: [&str; 44] = [
    "AEUR", "AUD", "BFUSD", "BGBP", "BKRW", "BRL", "BUSD", "CUSD", "DAI", "EUR", "EURI", "EURS",
    "FDUSD", "FRAX", "GBP", "GUSD", "IDRT", "JPY", "LUSD", "NGN", "PAX", "PAXG", "PYUSD", "RLUSD",
    "RUB", "SUSD", "TRY", "TUSD", "UAH", "USD", "USD1", "USDC", "USDD", "USDE", "USDP", "USDS",
    "USDSB", "USDT", "UST", "USTC", "VAI", "WBETH", "WBTC", "XUSD",
];

/// Currencies that pairs are or were quoted in, one of which the others' names end with.
const ALIKE: [&[&str]; 3] = [
    &["FDUSD", "BUSD", "TUSD", "USD"],
    &["AEUR", "EUR"],
    &["BIDR", "IDR"],
];

/// Some of the currencies whose pairs cannot be taken for those of another one.
const CLEAR_QUOTES: [&str; 6] = ["USDT", "USDC", "BTC", "ETH", "BNB", "TRY"];

/// Letters of a coin's name at least, where nothing else tells one reading of a pair's name from another.
const USUAL_LETTERS: usize = 3;

/// A pair that a universe by rule leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The pair.
    pub symbol: Symbol,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a pair is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LeftOutReason {
    /// It is a multiple of another coin's moves.
    Leveraged,
    /// It is worth a fixed amount of something else.
    Pegged,
    /// It has a candle in this share of the bars that are looked at.
    Sparse(f64),
    /// So many others have a larger traded amount.
    Rank(usize),
}

impl LeftOut {
    /// One line for each reason, with the pairs that it leaves out.
    pub fn lines(left_out: &[Self]) -> Vec<String> {
        let mut lines: Vec<(&str, Vec<String>)> = Vec::new();
        for Self { symbol, reason } in left_out {
            let named = format!("{symbol}{}", reason.numbers());
            match lines
                .iter_mut()
                .find(|(words, _)| *words == reason.in_words())
            {
                Some((_, pairs)) => pairs.push(named),
                None => lines.push((reason.in_words(), vec![named])),
            }
        }
        let line = |(words, pairs): (&str, Vec<String>)| {
            format!("left out, {}: {words}: {}", pairs.len(), pairs.join(" "))
        };
        lines.into_iter().map(line).collect()
    }
}

impl LeftOutReason {
    /// The reason in words, without the numbers of the coin.
    fn in_words(self) -> &'static str {
        match self {
            Self::Leveraged => "leveraged",
            Self::Pegged => "pegged",
            Self::Sparse(_) => "candles in less than 90 % of the bars of universe.ranked_over",
            Self::Rank(_) => "smaller traded amounts than those of universe.top",
        }
    }

    /// The numbers of the coin, for behind its name; empty where there are none.
    fn numbers(self) -> String {
        match self {
            Self::Leveraged | Self::Pegged => String::new(),
            Self::Sparse(share) => format!(" ({:.0} %)", share * 100.0),
            Self::Rank(larger) => format!(" (number {})", larger + 1),
        }
    }
}

/// The coins of a universe by rule, and how far its choice looks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RuledUniverse {
    pub symbols: Vec<Symbol>,
    pub left_out: Vec<LeftOut>,
    /// Time of the end of what decided, UTC milliseconds.
    pub known_ms: i64,
}

/// The pairs among `all` that are quoted in a currency.
///
/// Where another currency ends with its name, as BUSD does with USD, the name of a pair may be read in two
/// ways. The reading counts whose coin another pair has: `BTCBUSD` is BTC in BUSD where there is a `BTCUSDT`.
/// Where that is so of both or of neither, it is the longer currency, unless that leaves less than three
/// letters of the coin: `BNBUSD` is BNB in USD.
pub fn quoted_in(all: &[Symbol], quote: &str) -> Vec<Symbol> {
    let alike = ALIKE.iter().find(|alike| alike.contains(&quote));
    let is_known = |coin: &str| {
        let rests = all
            .iter()
            .filter_map(|symbol| symbol.as_str().strip_prefix(coin));
        rests.into_iter().any(|rest| CLEAR_QUOTES.contains(&rest))
    };
    let is_pair = |symbol: &&Symbol| {
        let coin = |currency: &str| {
            let coin = symbol.as_str().strip_suffix(currency);
            coin.filter(|coin| !coin.is_empty())
        };
        let Some(own) = coin(quote) else {
            return false;
        };
        let others = alike.into_iter().flat_map(|alike| alike.iter());
        let other = others
            .filter(|other| **other != quote)
            .find_map(|other| coin(other));
        other.is_none_or(|other| match (is_known(own), is_known(other)) {
            (true, false) => true,
            (false, true) => false,
            _ => {
                let is_usual = own.len().min(other.len()) >= USUAL_LETTERS;
                (own.len() < other.len()) == is_usual
            }
        })
    };
    all.iter().filter(is_pair).cloned().collect()
}

/// The pairs among `all` whose names end with the quote currency, without leveraged and pegged ones, and these.
pub fn pairs_of(all: &[Symbol], quote: &str) -> (Vec<Symbol>, Vec<LeftOut>) {
    let base = |symbol: &Symbol| {
        let base = symbol.as_str().strip_suffix(quote)?;
        (!base.is_empty()).then(|| base.to_owned())
    };
    let bases: Vec<String> = all.iter().filter_map(base).collect();
    // JUP is no leveraged J, as there is no such coin.
    let is_leveraged = |name: &str| {
        let coins = LEVERAGED.iter().filter_map(|end| name.strip_suffix(end));
        coins
            .into_iter()
            .any(|coin| bases.iter().any(|base| base == coin))
    };
    let (mut pairs, mut left_out) = (Vec::new(), Vec::new());
    for symbol in all {
        let Some(name) = base(symbol) else { continue };
        let reason = if PEGGED.contains(&name.as_str()) {
            LeftOutReason::Pegged
        } else if is_leveraged(&name) {
            LeftOutReason::Leveraged
        } else {
            pairs.push(symbol.clone());
            continue;
        };
        left_out.push(LeftOut {
            symbol: symbol.clone(),
            reason,
        });
    }
    (pairs, left_out)
}

/// The coins of the store that the rule takes, by their candles in the first `universe.ranked_over`
/// of `[from_ms, until_ms)`; None where the universe has no rule.
///
/// # Errors
/// No pair of the currency, or none that is traded enough; candles without volumes where they are
/// ranked by them; a file that is broken.
pub(crate) fn ruled_universe(
    universe: &UniverseConfig,
    (reader, interval): (&CandleReader, Interval),
    (from_ms, until_ms): (i64, i64),
) -> Result<Option<RuledUniverse>, Error> {
    let Some(quote) = universe.quote.as_deref() else {
        return Ok(None);
    };
    let mut all = reader.symbols()?;
    all.retain(|symbol| !universe.without.contains(symbol));
    let (pairs, mut left_out) = pairs_of(&quoted_in(&all, quote), quote);
    let mut first_ms = None;
    for symbol in &pairs {
        let times = reader.read(symbol, &[], from_ms, until_ms)?.open_time_ms;
        let earlier = first_ms.into_iter().chain(times.first().copied()).min();
        first_ms = earlier;
    }
    let Some(first_ms) = first_ms else {
        let expected = "a currency that coins of the store with candles in the range are quoted in";
        return Err(Error::config("universe.quote", quote, expected));
    };
    let known_ms = first_ms
        .saturating_add(universe.ranked_over.ms())
        .min(until_ms);
    let bars = ((known_ms - first_ms) / interval.ms()).max(1) as f64;
    let columns = [Column::Close, Column::Volume, Column::QuoteVolume];
    let mut ranked: Vec<(Symbol, f64)> = Vec::new();
    for symbol in pairs {
        let candles = reader.read(&symbol, &columns, first_ms, known_ms)?;
        let share = candles.len() as f64 / bars;
        match share < LEAST_SHARE {
            true => left_out.push(LeftOut {
                symbol,
                reason: LeftOutReason::Sparse(share),
            }),
            false => ranked.push((symbol, traded_amount(&candles))),
        }
    }
    if let Some(top) = universe.top {
        if let Some((symbol, _)) = ranked.iter().find(|(_, amount)| amount.is_nan()) {
            let expected = format!("candles with volumes, which those of {symbol} have not");
            return Err(Error::config("universe.top", top, expected));
        }
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let rest = ranked.split_off(top.min(ranked.len()));
        left_out.extend((top..).zip(rest).map(|(larger, (symbol, _))| LeftOut {
            symbol,
            reason: LeftOutReason::Rank(larger),
        }));
    }
    let mut symbols: Vec<Symbol> = ranked.into_iter().map(|(symbol, _)| symbol).collect();
    symbols.sort();
    if symbols.is_empty() {
        let expected = format!(
            "a currency of which some pair has a candle in 90 % of the bars until {}",
            format_time(known_ms)
        );
        return Err(Error::config("universe.quote", quote, expected));
    }
    Ok(Some(RuledUniverse {
        symbols,
        left_out,
        known_ms,
    }))
}

/// Mean amount of the quote currency that was traded a bar; NaN where no candle has a volume.
fn traded_amount(candles: &CandleTable) -> f64 {
    let of_candle = |row: usize| {
        let quote = candles.value(Column::QuoteVolume, row);
        let base = candles.value(Column::Volume, row) * candles.value(Column::Close, row);
        if quote.is_nan() { base } else { quote }
    };
    let amounts = (0..candles.len()).map(of_candle);
    let known: Vec<f64> = amounts.filter(|amount| !amount.is_nan()).collect();
    known.iter().sum::<f64>() / known.len() as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{DataConfig, Store};

    const DAY_MS: i64 = 86_400_000;

    fn symbols(names: &[&str]) -> Vec<Symbol> {
        names
            .iter()
            .map(|name| Symbol::new(name).unwrap())
            .collect()
    }

    #[test]
    fn leveraged_and_pegged_pairs_are_left_out() {
        let all = symbols(&[
            "BTCUSDT",
            "BTCUPUSDT",
            "BTCDOWNUSDT",
            "JUPUSDT",
            "1INCHUSDT",
            "1INCHUPUSDT",
            "EURUSDT",
            "PAXGUSDT",
            "ETHBTC",
            "USDCUSDT",
            "USDT",
        ]);
        let (pairs, left_out) = pairs_of(&all, "USDT");
        assert_eq!(pairs, symbols(&["BTCUSDT", "JUPUSDT", "1INCHUSDT"]));
        let of = |reason| -> Vec<&str> {
            let found = left_out.iter().filter(|one| one.reason == reason);
            found.map(|one| one.symbol.as_str()).collect()
        };
        assert_eq!(
            of(LeftOutReason::Leveraged),
            ["BTCUPUSDT", "BTCDOWNUSDT", "1INCHUPUSDT"]
        );
        assert_eq!(
            of(LeftOutReason::Pegged),
            ["EURUSDT", "PAXGUSDT", "USDCUSDT"]
        );
    }

    /// BUSD, TUSD and FDUSD end with USD: their pairs are none of USD.
    #[test]
    fn pairs_of_a_longer_currency_are_none_of_the_shorter() {
        let all = symbols(&[
            "BTCUSDT", "BTCUSD", "BTCBUSD", "BTCTUSD", "BTCFDUSD", "SOLBUSD", "BNBUSD", "BNBBUSD",
            "DOTUSD", "SHIBUSDT", "SHIBUSD", "SHIBBUSD", "USD", "ETHAEUR", "ETHEUR",
        ]);
        for (quote, expected) in [
            ("USD", &["BTCUSD", "BNBUSD", "DOTUSD", "SHIBUSD"][..]),
            ("BUSD", &["BTCBUSD", "SOLBUSD", "BNBBUSD", "SHIBBUSD"]),
            ("TUSD", &["BTCTUSD"]),
            ("FDUSD", &["BTCFDUSD"]),
            ("EUR", &["ETHEUR"]),
            ("AEUR", &["ETHAEUR"]),
            ("USDT", &["BTCUSDT", "SHIBUSDT"]),
        ] {
            assert_eq!(quoted_in(&all, quote), symbols(expected), "{quote}");
        }
    }

    /// Twenty days of which ten decide: AUSDT trades most at first, BUSDT later, CUSDT has half of
    /// the candles, DUSDT trades least.
    #[test]
    fn the_largest_are_those_of_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataConfig {
            dir: folder.path().to_owned(),
            interval: "1d".parse().unwrap(),
            ..DataConfig::default()
        };
        let store = Store::new(&data.dir, data.market, data.interval);
        let put = |name: &str, amount: &dyn Fn(i64) -> f64, step: usize| {
            let candle = |day: i64| {
                let mut row = [f64::NAN; Column::ALL.len()];
                row[Column::Close as usize] = 2.0;
                row[Column::Volume as usize] = amount(day);
                (day * DAY_MS, row)
            };
            let table = (0..20).step_by(step).map(candle).collect();
            store
                .append(&Symbol::new(name).unwrap(), &table, false)
                .unwrap();
        };
        put("AUSDT", &|_| 50.0, 1);
        put("BUSDT", &|day| if day < 10 { 40.0 } else { 1e6 }, 1);
        put("CUSDT", &|_| 1e9, 2);
        put("DUSDT", &|_| 1.0, 1);
        let universe = UniverseConfig {
            symbols: Vec::new(),
            quote: Some("USDT".to_owned()),
            top: Some(1),
            ranked_over: crate::TimeSpan::hours(240),
            ..UniverseConfig::default()
        };
        let reader = CandleReader::new(&data).unwrap();
        let of = |universe: &UniverseConfig| {
            let reader = (&reader, data.interval);
            ruled_universe(universe, reader, (i64::MIN, i64::MAX)).map(Option::unwrap)
        };
        let found = of(&universe).unwrap();
        assert_eq!(found.symbols, symbols(&["AUSDT"]));
        assert_eq!(found.known_ms, 10 * DAY_MS);
        assert_eq!(
            LeftOut::lines(&found.left_out),
            [
                "left out, 1: candles in less than 90 % of the bars of universe.ranked_over: CUSDT (50 %)",
                "left out, 2: smaller traded amounts than those of universe.top: BUSDT (number 2) DUSDT (number 3)",
            ]
        );
        let all = of(&UniverseConfig {
            top: None,
            ..universe.clone()
        });
        assert_eq!(all.unwrap().symbols, symbols(&["AUSDT", "BUSDT", "DUSDT"]));
        let error = of(&UniverseConfig {
            quote: Some("EUR".to_owned()),
            ..universe
        });
        let text = error.unwrap_err().to_string();
        assert!(
            text.starts_with("universe.quote = EUR: expected a currency"),
            "{text}"
        );
    }
}

//! What the name of a file or a column says of a coin.

use std::path::Path;

use anyhow::anyhow;
use cli::WithHint;
use market::{Error, Interval, Market, Symbol};

/// The coins of Kaggle's G-Research set, by their `Asset_ID`; its prices are in US dollars.
const GRESEARCH: [&str; 14] = [
    "BNB", "BTC", "BCH", "ADA", "DOGE", "EOS", "ETH", "ETC", "IOTA", "LTC", "MKR", "XMR", "XLM",
    "TRX",
];

/// What coins are quoted in: a file called `BTCUSDT.csv` is of a coin, one called `README.csv` is
/// not.
const QUOTES: [&str; 10] = [
    "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "TRY", "BTC", "ETH",
];

/// Symbol, interval and market of a file, as far as its name says them.
#[derive(Debug, Default, PartialEq)]
pub struct NameParts {
    pub symbol: Option<Symbol>,
    pub interval: Option<Interval>,
    pub market: Option<Market>,
}

/// Reads names such as `BTCUSDT-1m-2024-01-01.zip`, `BTC_USDT-1m.feather`,
/// `BTC_USDT_USDT-1h-futures.feather`, `BTC-USDT.parquet`.
///
/// # Errors
/// An interval that is not taken; a coin-margined contract; candles of something other than trades.
pub fn from_name(path: &Path) -> anyhow::Result<NameParts> {
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let parts: Vec<&str> = stem.split('-').collect();
    let Some(at) = parts
        .iter()
        .position(|part| is_interval(part))
        .filter(|at| (1..=2).contains(at))
    else {
        let is_pair = parts.len() == 2 || stem.contains('_');
        let symbol = symbol(&stem).ok().filter(|symbol| {
            is_pair
                || QUOTES.iter().any(|quote| {
                    symbol.as_str().len() > quote.len() && symbol.as_str().ends_with(quote)
                })
        });
        // A pair in a name is in capitals; words are not.
        let symbol = symbol.filter(|_| !stem.chars().any(char::is_lowercase));
        return Ok(NameParts {
            symbol,
            ..NameParts::default()
        });
    };
    let pair = parts[..at].join("-");
    let symbol = match symbol(&pair) {
        _ if pair.chars().any(char::is_lowercase) => return Ok(NameParts::default()),
        Ok(symbol) => symbol,
        Err(error @ Error::CoinMargined { .. }) => {
            return Err(anyhow::Error::new(error).context(path.display().to_string()));
        }
        Err(_) => return Ok(NameParts::default()),
    };
    let rest = parts[at + 1..].join("-");
    if ["mark", "index", "funding_rate", "premiumIndex"].contains(&rest.as_str()) {
        return Err(anyhow!(
            "{}: holds {rest} prices, expected candles of trades",
            path.display()
        )
        .hint(format!("import the file without `-{rest}`")));
    }
    let interval = parts[at]
        .parse()
        .map_err(|error: Error| anyhow::Error::new(error).context(path.display().to_string()))?;
    let market = (rest == "futures").then_some(Market::Futures);
    Ok(NameParts {
        symbol: Some(symbol),
        interval: Some(interval),
        market,
    })
}

/// Whether text looks like an interval, of those that are taken or not: digits and a unit.
fn is_interval(text: &str) -> bool {
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    unit.len() < text.len() && ["s", "m", "h", "d", "w", "mo", "M"].contains(&unit)
}

/// A symbol as others write it: `BTC/USDT`, `BTC-USD`, `BTC_USDT`, `BTC/USDT:USDT`, `btcusdt`.
///
/// # Errors
/// Text that is no symbol either way; a coin-margined contract.
pub fn symbol(text: &str) -> Result<Symbol, Error> {
    match Symbol::new(text) {
        Ok(symbol) => return Ok(symbol),
        Err(error @ Error::CoinMargined { .. }) => return Err(error),
        Err(_) => {}
    }
    let not_symbol = || Error::Symbol {
        found: text.to_owned(),
    };
    let (pair, settled_in) = text
        .split_once(':')
        .map_or((text, None), |(pair, coin)| (pair, Some(coin)));
    let parts: Vec<String> = pair.split(['/', '-', '_']).map(str::to_uppercase).collect();
    let (base, quote) = match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [pair] => (pair, ""),
        [base, quote] => (base, quote),
        // freqtrade's futures: base, quote, and what they are settled in.
        [base, quote, settled] if settled == quote => (base, quote),
        [base, _, settled] if settled == base => {
            return Err(Error::CoinMargined {
                found: text.to_owned(),
            });
        }
        _ => return Err(not_symbol()),
    };
    if base.is_empty() || (parts.len() > 1 && quote.is_empty()) {
        return Err(not_symbol());
    }
    if settled_in.is_some_and(|coin| coin == base) {
        return Err(Error::CoinMargined {
            found: text.to_owned(),
        });
    }
    Symbol::new(&format!("{base}{quote}")).map_err(|_| not_symbol())
}

/// The coin of an `Asset_ID`.
pub fn gresearch(id: usize) -> Option<Symbol> {
    GRESEARCH
        .get(id)
        .and_then(|base| Symbol::new(&format!("{base}USD")).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> (Option<String>, Option<String>) {
        let named = from_name(Path::new(name)).unwrap();
        (
            named.symbol.map(|symbol| symbol.to_string()),
            named.interval.map(|interval| interval.to_string()),
        )
    }

    #[test]
    fn names_of_files_say_symbol_and_interval() {
        let both =
            |symbol: &str, interval: &str| (Some(symbol.to_owned()), Some(interval.to_owned()));
        assert_eq!(named("x/BTCUSDT-1h-2024-12.csv"), both("BTCUSDT", "1h"));
        assert_eq!(named("BTC_USDT-1m.feather"), both("BTCUSDT", "1m"));
        assert_eq!(
            named("BTC_USDT_USDT-4h-futures.feather"),
            both("BTCUSDT", "4h")
        );
        assert_eq!(
            named("BTCUSDT_231229-1m-2025-11-01.zip"),
            both("BTCUSDT_231229", "1m")
        );
        assert_eq!(
            named("\u{5e01}\u{5b89}\u{4eba}\u{751f}USDT-1m-2025-11.zip"),
            both("\u{5e01}\u{5b89}\u{4eba}\u{751f}USDT", "1m")
        );
        assert_eq!(
            named("BTC-USDT.parquet"),
            (Some("BTCUSDT".to_owned()), None)
        );
        assert_eq!(named("ETHUSDT.csv"), (Some("ETHUSDT".to_owned()), None));
        for nameless in [
            "panel20-spot-1m-2021.csv",
            "README.csv",
            "train.csv",
            "closes.csv",
            "Binance_BTCUSDT_1h.csv",
        ] {
            assert_eq!(named(nameless), (None, None), "{nameless}");
        }
        assert_eq!(
            from_name(Path::new("BTC_USDT_USDT-4h-futures.feather"))
                .unwrap()
                .market,
            Some(Market::Futures)
        );
    }

    #[test]
    fn what_is_not_taken_is_refused_by_name() {
        let said = |name: &str| format!("{:#}", from_name(Path::new(name)).unwrap_err());
        assert!(
            said("BTCUSDT-1w-2024-01.zip")
                .contains("candles of 1w are not taken: a bar has at most a day; known are 1m")
        );
        assert!(said("BTCUSDT-1mo-2024-01.zip").contains("a month has no fixed length"));
        assert!(
            said("BTCUSDT-45m-2024-01.zip")
                .contains("\"45m\" is not an interval: expected one of 1m")
        );
        assert!(said("BTCUSD_PERP-1m-2024-01.zip").contains("coin-margined contract"));
        assert!(said("BTC_USDT_USDT-8h-mark.feather").contains("holds mark prices"));
    }

    #[test]
    fn symbols_are_read_as_others_write_them() {
        for (text, expected) in [
            ("BTC/USDT", "BTCUSDT"),
            ("BTC-USD", "BTCUSD"),
            ("btcusdt", "BTCUSDT"),
            ("BTC/USDT:USDT", "BTCUSDT"),
            ("BTC_USDT", "BTCUSDT"),
            ("BTCUSDT_231229", "BTCUSDT_231229"),
        ] {
            assert_eq!(symbol(text).unwrap().as_str(), expected);
        }
        for refused in ["", "/", "BTC/", "../X", "A/B/C/D", "BTC USDT"] {
            assert!(symbol(refused).is_err(), "{refused}");
        }
        assert!(matches!(
            symbol("BTC/USD:BTC"),
            Err(Error::CoinMargined { .. })
        ));
        assert_eq!(gresearch(1).unwrap().as_str(), "BTCUSD");
        assert_eq!(
            (gresearch(13).unwrap().as_str(), gresearch(14)),
            ("TRXUSD", None)
        );
    }
}

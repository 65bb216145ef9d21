//! The name of a traded pair, and which of the exchange's markets it trades on.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A pair's name as the exchange spells it: 1 to 20 characters, uppercase A-Z, digits and letters
/// that have no case, such as Chinese ones; of a future with a delivery day, `_` and the day as six
/// digits. Copies share the text.
///
/// # Examples
///
/// ```
/// use market::Symbol;
/// assert_eq!(Symbol::new("BTCUSDT")?.as_str(), "BTCUSDT");
/// assert_eq!(Symbol::new("BTCUSDT_231229")?.as_str(), "BTCUSDT_231229");
/// assert!(Symbol::new("btc/usdt").is_err());
/// # Ok::<(), market::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol(Arc<str>);

impl Symbol {
    /// Checks `text` and wraps it.
    ///
    /// # Errors
    ///
    /// [`Error::CoinMargined`] for a contract such as `BTCUSD_PERP`; [`Error::Symbol`] for anything
    /// else that no pair is called.
    pub fn new(text: &str) -> Result<Self, Error> {
        let (pair, delivery) = text
            .split_once('_')
            .map_or((text, None), |(pair, delivery)| (pair, Some(delivery)));
        let is_day = |delivery: &str| {
            delivery.len() == 6 && delivery.bytes().all(|byte| byte.is_ascii_digit())
        };
        if delivery.is_some_and(|delivery| delivery == "PERP" || is_day(delivery))
            && pair.ends_with("USD")
        {
            return Err(Error::CoinMargined {
                found: text.to_owned(),
            });
        }
        let is_valid = (1..=20).contains(&text.chars().count())
            && !pair.is_empty()
            && pair.chars().all(is_letter_or_digit)
            && delivery.is_none_or(is_day);
        if is_valid {
            Ok(Self(text.into()))
        } else {
            Err(Error::Symbol {
                found: text.to_owned(),
            })
        }
    }

    /// The name in lowercase, with what is not ASCII percent-encoded: as addresses spell it.
    pub fn url_lowercase(&self) -> String {
        let encoded = |byte: u8| {
            if byte.is_ascii() {
                (byte as char).to_string()
            } else {
                format!("%{byte:02X}")
            }
        };
        self.0.to_lowercase().bytes().map(encoded).collect()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_letter_or_digit(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_uppercase() || letter.is_ascii_digit();
    }
    letter.is_alphabetic() && !letter.is_lowercase() && !letter.is_uppercase()
}

impl AsRef<str> for Symbol {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for Symbol {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for Symbol {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(&text)
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.as_str().to_owned()
    }
}

impl JsonSchema for Symbol {
    fn schema_name() -> Cow<'static, str> {
        "Symbol".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": "coin" })
    }
}

/// Which of the exchange's markets a pair trades on.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Market {
    /// Coins against cash.
    #[default]
    Spot,
    /// USDT-margined perpetual futures.
    Futures,
}

impl fmt::Display for Market {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Spot => "spot",
            Self::Futures => "futures",
        })
    }
}

impl FromStr for Market {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "spot" => Ok(Self::Spot),
            "futures" => Ok(Self::Futures),
            _ => Err(Error::Market {
                found: text.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Market, Symbol};

    #[test]
    fn symbols_are_spelled_as_the_exchange_does() {
        for good in [
            "BTCUSDT",
            "1000PEPEUSDT",
            "A",
            "ABCDEFGHIJ0123456789",
            "\u{5e01}\u{5b89}\u{4eba}\u{751f}USDT",
            "BTCUSDT_231229",
        ] {
            assert_eq!(Symbol::new(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "btcusdt",
            "BTC-USDT",
            "BTC/USDT",
            "\u{c4}USDT",
            "ABCDEFGHIJ01234567890",
            "../X",
            "_231229",
            "BTC_USDT",
            "BTCUSDT_",
            "BTCUSDT_2312290",
            "BTC\u{3000}USDT",
            "\u{1f600}USDT",
        ] {
            assert!(Symbol::new(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn the_refusal_says_what_is_taken() {
        assert_eq!(
            Symbol::new("btcusdt").unwrap_err().to_string(),
            "\"btcusdt\" is not a symbol: expected 1 to 20 uppercase letters A-Z, digits and letters of scripts without \
             case, such as BTCUSDT"
        );
    }

    #[test]
    fn contracts_of_coins_are_refused_with_the_reason() {
        for coin_margined in ["BTCUSD_PERP", "ETHUSD_240329"] {
            let error = Symbol::new(coin_margined).unwrap_err().to_string();
            assert!(error.contains("its volume counts contracts"), "{error}");
        }
        let known = Symbol::new("\u{5e01}USDT_231229").unwrap();
        assert_eq!(known.url_lowercase(), "%E5%B8%81usdt_231229");
    }

    #[test]
    fn serde_checks_what_it_reads() {
        let symbol: Symbol = serde_json::from_str("\"ETHUSDT\"").unwrap();
        assert_eq!(serde_json::to_string(&symbol).unwrap(), "\"ETHUSDT\"");
        let error = serde_json::from_str::<Symbol>("\"eth\"").unwrap_err();
        assert!(
            error.to_string().contains("\"eth\" is not a symbol"),
            "{error}"
        );
    }

    #[test]
    fn markets_round_trip() {
        for market in [Market::Spot, Market::Futures] {
            assert_eq!(market.to_string().parse::<Market>().unwrap(), market);
            assert_eq!(
                serde_json::to_string(&market).unwrap(),
                format!("\"{market}\"")
            );
        }
        assert!("Spot".parse::<Market>().is_err());
    }
}

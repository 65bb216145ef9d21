//! The name of a traded pair, and which of the exchange's markets it trades on.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A pair's name as the exchange spells it: 1 to 20 uppercase ASCII letters and digits. Copies share the text.
///
/// # Examples
///
/// ```
/// use market::Symbol;
/// assert_eq!(Symbol::new("BTCUSDT")?.as_str(), "BTCUSDT");
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
    /// [`Error::Symbol`] when `text` is empty, longer than 20 characters or holds anything but
    /// uppercase ASCII letters and digits.
    pub fn new(text: &str) -> Result<Self, Error> {
        let is_valid = (1..=20).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if is_valid { Ok(Self(text.into())) } else { Err(Error::Symbol { found: text.to_owned() }) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
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

/// Which of the exchange's markets a pair trades on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Market {
    /// Coins against cash; written `spot`.
    #[default]
    Spot,
    /// USDT-margined perpetual futures; written `futures`.
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
            _ => Err(Error::Market { found: text.to_owned() }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Market, Symbol};

    #[test]
    fn symbols_are_uppercase_alphanumerics() {
        for good in ["BTCUSDT", "1000PEPEUSDT", "A", "ABCDEFGHIJ0123456789"] {
            assert_eq!(Symbol::new(good).unwrap().to_string(), good);
        }
        for bad in ["", "btcusdt", "BTC-USDT", "BTC/USDT", "ÄUSDT", "ABCDEFGHIJ01234567890", "../X"] {
            assert!(Symbol::new(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn serde_checks_what_it_reads() {
        let symbol: Symbol = serde_json::from_str("\"ETHUSDT\"").unwrap();
        assert_eq!(serde_json::to_string(&symbol).unwrap(), "\"ETHUSDT\"");
        let error = serde_json::from_str::<Symbol>("\"eth\"").unwrap_err();
        assert!(error.to_string().contains("\"eth\" is not a symbol"), "{error}");
    }

    #[test]
    fn markets_round_trip() {
        for market in [Market::Spot, Market::Futures] {
            assert_eq!(market.to_string().parse::<Market>().unwrap(), market);
            assert_eq!(serde_json::to_string(&market).unwrap(), format!("\"{market}\""));
        }
        assert!("Spot".parse::<Market>().is_err());
    }
}

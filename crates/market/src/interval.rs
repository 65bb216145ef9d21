//! The length of a candle.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::Error;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The length of a candle; one of the exchange's intervals from one minute to one day.
///
/// # Examples
///
/// ```
/// use market::Interval;
/// let interval: Interval = "15m".parse()?;
/// assert_eq!(interval.ms(), 900_000);
/// assert_eq!(Interval::from_ms(900_000), Some(interval));
/// # Ok::<(), market::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval(i64);

impl Interval {
    /// One minute, written `1m`.
    pub const ONE_MINUTE: Self = Self(MINUTE_MS);

    /// Every interval there is, shortest first.
    pub const ALL: [Self; 12] = [
        Self(MINUTE_MS),
        Self(3 * MINUTE_MS),
        Self(5 * MINUTE_MS),
        Self(15 * MINUTE_MS),
        Self(30 * MINUTE_MS),
        Self(HOUR_MS),
        Self(2 * HOUR_MS),
        Self(4 * HOUR_MS),
        Self(6 * HOUR_MS),
        Self(8 * HOUR_MS),
        Self(12 * HOUR_MS),
        Self(24 * HOUR_MS),
    ];

    /// Its length in milliseconds.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The interval of that many milliseconds, if there is one.
    pub fn from_ms(ms: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.0 == ms)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (amount, unit) = match self.0 {
            ms if ms >= 24 * HOUR_MS => (ms / (24 * HOUR_MS), 'd'),
            ms if ms >= HOUR_MS => (ms / HOUR_MS, 'h'),
            ms => (ms / MINUTE_MS, 'm'),
        };
        formatter.pad(&format!("{amount}{unit}"))
    }
}

impl FromStr for Interval {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = Self::ALL
            .into_iter()
            .find(|interval| interval.to_string() == text);
        let found = || text.to_owned();
        known.ok_or_else(|| match text {
            "1s" => Error::UntakenInterval {
                found: found(),
                reason: "a bar has at least a minute",
            },
            "3d" | "1w" => Error::UntakenInterval {
                found: found(),
                reason: "a bar has at most a day",
            },
            "1mo" | "1M" => Error::UntakenInterval {
                found: found(),
                reason: "a month has no fixed length",
            },
            _ => Error::Interval { found: found() },
        })
    }
}

impl TryFrom<String> for Interval {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

impl JsonSchema for Interval {
    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<String> = Self::ALL.iter().map(Self::to_string).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Interval;

    #[test]
    fn every_interval_round_trips() {
        let names = [
            "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d",
        ];
        for (interval, name) in Interval::ALL.into_iter().zip(names) {
            assert_eq!(interval.to_string(), name);
            assert_eq!(name.parse::<Interval>().unwrap(), interval);
            assert_eq!(Interval::from_ms(interval.ms()), Some(interval));
            let json = serde_json::to_string(&interval).unwrap();
            assert_eq!(serde_json::from_str::<Interval>(&json).unwrap(), interval);
        }
        assert_eq!(Interval::ONE_MINUTE, Interval::ALL[0]);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "1M", "60m", "7m", "24h", "m", "1 m"] {
            assert!(bad.parse::<Interval>().is_err(), "{bad:?} was taken");
        }
        for (text, reason) in [
            ("1s", "at least a minute"),
            ("3d", "at most a day"),
            ("1w", "a day"),
            ("1mo", "no fixed length"),
        ] {
            let error = text.parse::<Interval>().unwrap_err().to_string();
            assert!(
                error.contains(text) && error.contains(reason) && error.contains("known are 1m 3m"),
                "{error}"
            );
        }
        assert_eq!(Interval::from_ms(0), None);
        assert_eq!(Interval::from_ms(-60_000), None);
    }
}

//! A length of time as a config writes it: `"15m"`, `"4h"`, `"7d"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use market::Interval;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Units by their letters, longest first.
const UNITS: [(char, i64); 5] = [
    ('w', 7 * DAY_MS),
    ('d', DAY_MS),
    ('h', HOUR_MS),
    ('m', MINUTE_MS),
    ('s', 1000),
];

/// A hundred years: no span is longer, and no sum of spans can overflow.
const MOST_MS: i64 = 36_525 * DAY_MS;

/// A length of time, such as `15m`: a whole number of seconds, minutes, hours, days or weeks.
///
/// # Examples
///
/// ```
/// use dataset::TimeSpan;
/// let horizon: TimeSpan = "90m".parse()?;
/// assert_eq!(horizon.bars("15m".parse().map_err(|_| "no interval")?), 6);
/// assert_eq!(horizon.to_string(), "90m");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeSpan(i64);

impl TimeSpan {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes * MINUTE_MS)
    }

    /// So many hours.
    pub const fn hours(hours: i64) -> Self {
        Self(hours * HOUR_MS)
    }

    /// The length of so many bars.
    pub const fn of_bars(bars: usize, interval: Interval) -> Self {
        Self(bars as i64 * interval.ms())
    }

    /// Its length in milliseconds.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// How many whole bars it holds.
    pub const fn bars(self, interval: Interval) -> usize {
        (self.0 / interval.ms()) as usize
    }

    /// Refuses the value of `key` where it is no whole number of bars, or not from `least` to
    /// `most` of them.
    pub(crate) fn check_bars(
        self,
        key: &'static str,
        interval: Interval,
        (least, most): (usize, usize),
    ) -> Result<(), Error> {
        if self.0 % interval.ms() != 0 {
            let expected = format!("a multiple of data.interval = {interval}");
            return Err(Error::config(key, self, expected));
        }
        if !(least..=most).contains(&self.bars(interval)) {
            let span = |bars| Self::of_bars(bars, interval);
            let (from, to) = (span(least), span(most));
            let expected = format!(
                "{from} to {to}, which is {least} to {most} bars of data.interval = {interval}"
            );
            return Err(Error::config(key, self, expected));
        }
        Ok(())
    }
}

impl fmt::Display for TimeSpan {
    /// The longest unit up to a day that divides it, as weeks are harder to compare.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS[1..]
            .iter()
            .find(|(_, ms)| self.0 != 0 && self.0 % ms == 0);
        let (letter, ms) = unit.unwrap_or(&('m', MINUTE_MS));
        formatter.pad(&format!("{}{letter}", self.0 / ms))
    }
}

impl FromStr for TimeSpan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refusal = || {
            format!(
                "\"{text}\" is no length of time: expected a whole number with a unit s, m, h, d or w, such as \
                 \"15m\", \"4h\" or \"7d\", at most 100 years"
            )
        };
        let letter = text.chars().last().ok_or_else(refusal)?;
        let (_, unit) = UNITS
            .into_iter()
            .find(|(known, _)| *known == letter)
            .ok_or_else(refusal)?;
        let digits = &text[..text.len() - letter.len_utf8()];
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let count: i64 = digits.parse().map_err(|_| refusal())?;
        let ms = count.checked_mul(unit).filter(|ms| *ms <= MOST_MS);
        ms.filter(|_| is_plain).map(Self).ok_or_else(refusal)
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = TimeSpan;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a length of time with its unit, such as \"15m\" or \"4h\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TimeSpan, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for TimeSpan {
    fn schema_name() -> Cow<'static, str> {
        "TimeSpan".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": "time", "pattern": "^[0-9]+[smhdw]$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_with_their_unit() {
        for (text, minutes, written) in [
            ("15m", 15, "15m"),
            ("60m", 60, "1h"),
            ("3750m", 3750, "3750m"),
            ("4h", 240, "4h"),
            ("7d", 10_080, "7d"),
            ("2w", 20_160, "14d"),
            ("120s", 2, "2m"),
            ("0m", 0, "0m"),
            ("0d", 0, "0m"),
        ] {
            let span: TimeSpan = text.parse().unwrap();
            assert_eq!(span, TimeSpan::minutes(minutes), "{text}");
            assert_eq!(span.to_string(), written);
            assert_eq!(written.parse(), Ok(span));
        }
        assert_eq!("90s".parse::<TimeSpan>().unwrap().to_string(), "90s");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "15",
            "m",
            "-1m",
            "+1m",
            "1.5h",
            "1 h",
            "1M",
            "9000000000000000000m",
            "é",
        ] {
            let error = text.parse::<TimeSpan>().unwrap_err();
            assert!(
                error.contains("expected a whole number with a unit"),
                "{error}"
            );
        }
        let error = serde_json::from_str::<TimeSpan>("15")
            .unwrap_err()
            .to_string();
        assert!(
            error
                .starts_with("invalid type: integer `15`, expected a length of time with its unit"),
            "{error}"
        );
    }

    #[test]
    fn spans_are_counted_in_bars() {
        let five: Interval = "5m".parse().unwrap();
        let span = TimeSpan::minutes(7);
        assert_eq!(span.bars(five), 1);
        assert_eq!(TimeSpan::of_bars(3, five), TimeSpan::minutes(15));
        let refused = |span: TimeSpan| {
            let error = span
                .check_bars("target.horizon", five, (1, 12))
                .unwrap_err();
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        assert_eq!(
            refused(span),
            "target.horizon = 7m: expected a multiple of data.interval = 5m"
        );
        assert_eq!(
            refused(TimeSpan::ZERO),
            "target.horizon = 0m: expected 5m to 1h, which is 1 to 12 bars of data.interval = 5m"
        );
    }
}

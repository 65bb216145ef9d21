//! The exchange's own form of candles and times, checked and turned into ours.

use std::ops::Range;

use serde_json::Value;

use super::served::Served;
use crate::{Candle, CandleError, Error, Interval, utc_text};

/// Elements of a kline array that are read; more may follow.
const KLINE_LENGTH: usize = 11;

/// Times that an exchange's clock can show: it opened in July 2017.
pub(crate) const CLOCK_MS: Range<i64> = 1_498_867_200_000..4_102_444_800_000;

/// The answer to `time`: `{"serverTime": 1499827319559}`.
pub(super) fn server_time_ms(answer: &Value, request: &str) -> Result<i64, Error> {
    match answer.get("serverTime").and_then(Value::as_i64) {
        Some(ms) if CLOCK_MS.contains(&ms) => Ok(ms),
        _ => Err(wrong_shape(
            request,
            "the answer".to_owned(),
            "{\"serverTime\": milliseconds} from July 2017 to 2100",
            answer,
        )),
    }
}

/// What a page of klines is asked for.
pub(super) struct KlineRequest<'a> {
    pub interval: Interval,
    /// The `startTime`: earlier candles answer another question.
    pub from_ms: i64,
    /// The exchange's clock: no candle opens later.
    pub now_ms: i64,
    pub request: &'a str,
}

/// The answer to `klines`: an array of arrays of at least 11 elements. A candle that cannot be is
/// refused by itself; an answer that is no such array, or is of earlier times than asked for, is an
/// error.
pub(super) fn candles(answer: &Value, page: &KlineRequest<'_>) -> Result<Served, Error> {
    let Some(rows) = answer.as_array() else {
        return Err(wrong_shape(
            page.request,
            "the answer".to_owned(),
            "an array of klines",
            answer,
        ));
    };
    let mut klines = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let row = KlineRow::new(row, index, page.request)?;
        let kline = row.kline()?;
        if kline.candle.open_time_ms < page.from_ms {
            let expected = format!("{} or later, the startTime asked for", page.from_ms);
            return Err(row.wrong(0, "open time", &expected));
        }
        klines.push(kline);
    }
    klines.sort_by_key(|kline| kline.candle.open_time_ms);
    klines.dedup();
    let mut served = Served::default();
    for (index, kline) in klines.iter().enumerate() {
        let time_ms = kline.candle.open_time_ms;
        let is_of_future = time_ms > page.now_ms.saturating_add(page.interval.ms());
        if !is_of_future {
            served.last_open_ms = served.last_open_ms.max(Some(time_ms));
        }
        let is_there =
            |other: Option<&Kline>| other.is_some_and(|other| other.candle.open_time_ms == time_ms);
        let has_twin = is_there(klines.get(index + 1))
            || is_there(index.checked_sub(1).and_then(|at| klines.get(at)));
        let checked = if is_of_future {
            Err(kline.fault(
                "open_time",
                time_ms,
                format!("at most the exchange's {}", utc_text(page.now_ms)),
            ))
        } else if has_twin {
            Err(kline.fault(
                "open_time",
                time_ms,
                "one candle of that time, not two that differ".to_owned(),
            ))
        } else {
            kline.check(page.interval)
        };
        match checked {
            Ok(()) => served.candles.push(kline.candle),
            Err(fault) => served.refused.push(fault),
        }
    }
    Ok(served)
}

#[derive(Debug, Clone, PartialEq)]
struct Kline {
    candle: Candle,
    close_time_ms: i64,
}

impl Kline {
    /// The candle can be true, and lasts as long as the interval asked for.
    fn check(&self, interval: Interval) -> Result<(), CandleError> {
        self.candle.check(interval)?;
        let last_ms = self.candle.open_time_ms.saturating_add(interval.ms() - 1);
        if self.close_time_ms.abs_diff(last_ms) > 1 {
            return Err(self.fault(
                "close_time",
                self.close_time_ms,
                format!("{last_ms}, a candle of {interval}"),
            ));
        }
        Ok(())
    }

    fn fault(&self, field: &'static str, value: i64, expected: String) -> CandleError {
        CandleError {
            open_time_ms: self.candle.open_time_ms,
            field,
            value: value.to_string(),
            expected,
        }
    }
}

/// One kline array and where it stands, for messages.
struct KlineRow<'a> {
    elements: &'a [Value],
    index: usize,
    request: &'a str,
}

impl<'a> KlineRow<'a> {
    fn new(row: &'a Value, index: usize, request: &'a str) -> Result<Self, Error> {
        match row.as_array() {
            Some(elements) if elements.len() >= KLINE_LENGTH => Ok(Self {
                elements,
                index,
                request,
            }),
            _ => Err(wrong_shape(
                request,
                format!("kline {index}"),
                "an array of 11 elements or more",
                row,
            )),
        }
    }

    fn kline(&self) -> Result<Kline, Error> {
        let candle = Candle {
            open_time_ms: self.integer(0, "open time")?,
            open: Some(self.number(1, "open")?),
            high: Some(self.number(2, "high")?),
            low: Some(self.number(3, "low")?),
            close: self.number(4, "close")?,
            volume: Some(self.number(5, "volume")?),
            quote_volume: Some(self.number(7, "quote volume")?),
            count: Some(self.integer(8, "number of trades")? as f64),
            taker_buy_volume: Some(self.number(9, "taker buy volume")?),
            taker_buy_quote_volume: Some(self.number(10, "taker buy quote volume")?),
        };
        Ok(Kline {
            candle,
            close_time_ms: self.integer(6, "close time")?,
        })
    }

    fn element(&self, position: usize) -> &Value {
        self.elements.get(position).unwrap_or(&Value::Null)
    }

    fn integer(&self, position: usize, name: &str) -> Result<i64, Error> {
        let element = self.element(position);
        let written = element.as_i64().or_else(|| element.as_str()?.parse().ok());
        written.ok_or_else(|| self.wrong(position, name, "an integer"))
    }

    fn number(&self, position: usize, name: &str) -> Result<f64, Error> {
        number(self.element(position)).ok_or_else(|| self.wrong(position, name, "a number"))
    }

    fn wrong(&self, position: usize, name: &str, expected: &str) -> Error {
        let place = format!("kline {}, element {position} ({name})", self.index);
        wrong_shape(self.request, place, expected, self.element(position))
    }
}

/// Prices and amounts come as strings, so that no digit is lost on the way; others write numbers.
pub(crate) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn wrong_shape(request: &str, place: String, expected: &str, found: &Value) -> Error {
    Error::WrongShape {
        request: request.to_owned(),
        place,
        expected: expected.to_owned(),
        found: beginning(&found.to_string()),
    }
}

/// The first 120 characters of a foreign text on one line.
pub(crate) fn beginning(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut short: String = text
        .chars()
        .take(LONGEST)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::{KlineRequest, beginning, candles, server_time_ms};
    use crate::{Error, Interval, rest::Served};

    fn kline() -> Value {
        json!([
            60_000, "10.0", "12.0", "9.0", "11.0", "5.0", 119_999, "55.0", 3, "2.0", "22.0", "0"
        ])
    }

    /// The kline a minute later.
    fn next() -> Value {
        json!([
            120_000, "10.0", "12.0", "9.0", "11.0", "5.0", 179_999, "55.0", 3, "2.0", "22.0", "0"
        ])
    }

    fn changed(position: usize, value: Value) -> Value {
        let mut row = kline();
        row[position] = value;
        row
    }

    fn read(answer: &Value) -> Result<Served, Error> {
        let (interval, request) = (Interval::ONE_MINUTE, "GET x for ABC");
        candles(
            answer,
            &KlineRequest {
                interval,
                from_ms: 0,
                now_ms: 200_000,
                request,
            },
        )
    }

    fn message(answer: &Value) -> String {
        read(answer).unwrap_err().to_string()
    }

    #[test]
    fn a_kline_becomes_a_candle() {
        let served = read(&json!([kline()])).unwrap();
        assert_eq!((served.candles.len(), served.refused.len()), (1, 0));
        assert_eq!(served.last_open_ms, Some(60_000));
        let candle = served.candles[0];
        assert_eq!(candle.open_time_ms, 60_000);
        assert_eq!((candle.open, candle.high), (Some(10.0), Some(12.0)));
        assert_eq!((candle.low, candle.close), (Some(9.0), 11.0));
        assert_eq!(
            (candle.volume, candle.quote_volume),
            (Some(5.0), Some(55.0))
        );
        assert_eq!(candle.count, Some(3.0));
        assert_eq!(candle.taker_buy_volume, Some(2.0));
        assert_eq!(candle.taker_buy_quote_volume, Some(22.0));
    }

    /// The exchange may add elements, and write numbers without quotes.
    #[test]
    fn other_forms_are_the_same_candle() {
        let expected = read(&json!([kline()])).unwrap();
        let mut thirteen = kline();
        thirteen.as_array_mut().unwrap().push(json!({"new": true}));
        let mut eleven = kline();
        eleven.as_array_mut().unwrap().pop();
        let numbers = json!([
            60_000, 10, 12.0, 9.0, 11.0, 5.0, 119_999, 55.0, "3", 2.0, 22.0, null
        ]);
        for form in [
            thirteen,
            eleven,
            numbers,
            changed(11, json!("17328.91730")),
            changed(8, json!("3")),
        ] {
            assert_eq!(read(&json!([form])).unwrap(), expected, "{form}");
        }
    }

    #[test]
    fn every_wrong_element_is_named() {
        for position in 0..11 {
            for wrong in [
                json!(null),
                json!(true),
                json!([1]),
                json!("x"),
                json!("1,5"),
            ] {
                let text = message(&json!([kline(), changed(position, wrong)]));
                assert!(
                    text.starts_with(&format!("GET x for ABC: kline 1, element {position} (")),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn wrong_shapes_are_named() {
        assert!(message(&json!({"code": -1})).contains("expected an array of klines"));
        assert!(message(&json!([5])).contains("kline 0: expected an array of 11 elements or more"));
        assert!(message(&json!([[1, 2]])).contains("an array of 11 elements or more, found [1,2]"));
    }

    /// One candle that cannot be costs that candle, and counts as a later one.
    #[test]
    fn impossible_candles_are_refused_one_by_one() {
        let cases = [
            (
                changed(2, json!("NaN")),
                "high is NaN, expected a finite price above 0",
            ),
            (
                changed(4, json!("0.00000000")),
                "close is 0, expected a finite price above 0",
            ),
            (
                changed(2, json!("8.0")),
                "high is 8, expected at least open (10)",
            ),
            (
                changed(0, json!(75_000)),
                "open_time is 75000, expected a multiple of 60000 ms (1m)",
            ),
            (
                changed(6, json!(3_659_999)),
                "close_time is 3659999, expected 119999, a candle of 1m",
            ),
            (changed(6, json!(5)), "close_time is 5, expected 119999"),
        ];
        for (row, expected) in cases {
            let served = read(&json!([row, next()])).unwrap();
            assert_eq!(
                (served.candles.len(), served.refused.len()),
                (1, 1),
                "{row}"
            );
            assert!(
                served.refused[0].to_string().contains(expected),
                "{}",
                served.refused[0]
            );
            assert_eq!(served.last_open_ms, Some(120_000));
        }
        let served = read(&json!([kline(), changed(0, json!(135_000))])).unwrap();
        assert_eq!(
            (served.candles.len(), served.last_open_ms),
            (1, Some(135_000))
        );
    }

    /// The clock of the exchange is at 200000: nothing opens later, and what claims to makes no
    /// other candle final.
    #[test]
    fn candles_of_the_future_are_refused() {
        for time in [
            300_000_i64,
            1_893_456_000_000,
            1_717_286_400_000_000,
            i64::MAX / 60_000 * 60_000,
        ] {
            let served = read(&json!([kline(), changed(0, json!(time))])).unwrap();
            assert_eq!(
                (served.candles.len(), served.last_open_ms),
                (1, Some(60_000))
            );
            assert!(
                served.refused[0]
                    .to_string()
                    .contains("at most the exchange's 1970-01-01T00:03:20Z")
            );
        }
    }

    #[test]
    fn order_and_copies_do_not_matter_but_two_values_of_one_time_do() {
        let expected = read(&json!([kline(), next()])).unwrap();
        for rows in [json!([next(), kline()]), json!([kline(), kline(), next()])] {
            assert_eq!(read(&rows).unwrap(), expected);
        }
        let served = read(&json!([kline(), changed(4, json!("11.5")), next()])).unwrap();
        assert_eq!((served.candles.len(), served.refused.len()), (1, 2));
        assert!(
            served.refused[0]
                .to_string()
                .contains("one candle of that time"),
            "{}",
            served.refused[0]
        );
    }

    #[test]
    fn server_time_is_read_or_refused() {
        let time = server_time_ms(&json!({"serverTime": 1_499_827_319_559_i64}), "").unwrap();
        assert_eq!(time, 1_499_827_319_559);
        let of = |ms: i64| json!({"serverTime": ms});
        for bad in [
            json!({}),
            json!([]),
            json!({"serverTime": "1"}),
            of(-1),
            of(1),
            of(i64::MAX),
            of(1_717_286_460_000_000),
            json!({"serverTime": 1.7172864e12}),
        ] {
            assert!(server_time_ms(&bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn foreign_text_is_shortened_to_one_line() {
        assert_eq!(beginning("a\nb"), "a b");
        assert_eq!(
            beginning(&"ä".repeat(200)),
            format!("{}...", "ä".repeat(120))
        );
    }
}

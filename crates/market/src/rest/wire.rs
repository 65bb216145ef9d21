//! The exchange's own form of candles and times, checked and turned into ours.

use serde_json::Value;

use crate::{Candle, Error, Interval};

/// Elements of one kline array.
const KLINE_LENGTH: usize = 12;

/// The answer to `time`: `{"serverTime": 1499827319559}`.
pub(super) fn server_time_ms(answer: &Value, request: &str) -> Result<i64, Error> {
    match answer.get("serverTime").and_then(Value::as_i64) {
        Some(ms) if ms > 0 => Ok(ms),
        _ => Err(wrong_shape(request, "the answer".to_owned(), "{\"serverTime\": milliseconds}", answer)),
    }
}

/// The answer to `klines`: an array of 12-element arrays, ascending by open time.
pub(super) fn candles(answer: &Value, interval: Interval, request: &str) -> Result<Vec<Candle>, Error> {
    let Some(rows) = answer.as_array() else {
        return Err(wrong_shape(request, "the answer".to_owned(), "an array of klines", answer));
    };
    let mut candles = Vec::with_capacity(rows.len());
    let mut previous = i64::MIN;
    for (index, row) in rows.iter().enumerate() {
        let candle = Kline::new(row, index, request)?.candle()?;
        candle
            .check(interval)
            .map_err(|fault| Error::BadCandle { request: request.to_owned(), fault: Box::new(fault) })?;
        if candle.open_time_ms <= previous {
            return Err(Error::WrongShape {
                request: request.to_owned(),
                place: format!("kline {index}, element 0 (open time)"),
                expected: format!("a time after the previous kline's {previous}"),
                found: candle.open_time_ms.to_string(),
            });
        }
        previous = candle.open_time_ms;
        candles.push(candle);
    }
    Ok(candles)
}

/// One kline array and where it stands, for messages.
struct Kline<'a> {
    elements: &'a [Value],
    index: usize,
    request: &'a str,
}

impl<'a> Kline<'a> {
    fn new(row: &'a Value, index: usize, request: &'a str) -> Result<Self, Error> {
        match row.as_array() {
            Some(elements) if elements.len() == KLINE_LENGTH => Ok(Self { elements, index, request }),
            _ => Err(wrong_shape(request, format!("kline {index}"), "an array of 12 elements", row)),
        }
    }

    fn candle(&self) -> Result<Candle, Error> {
        let open_time_ms = self.integer(0, "open time")?;
        let close_time_ms = self.integer(6, "close time")?;
        if close_time_ms < open_time_ms {
            return Err(self.wrong(6, "close time", "a time after the open time"));
        }
        Ok(Candle {
            open_time_ms,
            open: Some(self.number(1, "open")?),
            high: Some(self.number(2, "high")?),
            low: Some(self.number(3, "low")?),
            close: self.number(4, "close")?,
            volume: Some(self.number(5, "volume")?),
            quote_volume: Some(self.number(7, "quote volume")?),
            count: Some(self.integer(8, "number of trades")? as f64),
            taker_buy_volume: Some(self.number(9, "taker buy volume")?),
            taker_buy_quote_volume: Some(self.number(10, "taker buy quote volume")?),
        })
    }

    fn element(&self, position: usize) -> &Value {
        self.elements.get(position).unwrap_or(&Value::Null)
    }

    fn integer(&self, position: usize, name: &str) -> Result<i64, Error> {
        self.element(position).as_i64().ok_or_else(|| self.wrong(position, name, "an integer"))
    }

    /// Prices and amounts come as strings, so that no digit is lost on the way.
    fn number(&self, position: usize, name: &str) -> Result<f64, Error> {
        self.element(position)
            .as_str()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.wrong(position, name, "a number as a string"))
    }

    fn wrong(&self, position: usize, name: &str, expected: &str) -> Error {
        let place = format!("kline {}, element {position} ({name})", self.index);
        wrong_shape(self.request, place, expected, self.element(position))
    }
}

fn wrong_shape(request: &str, place: String, expected: &str, found: &Value) -> Error {
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
    let mut short: String =
        text.chars().take(LONGEST).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::{beginning, candles, server_time_ms};
    use crate::Interval;

    fn kline() -> Value {
        json!([60_000, "10.0", "12.0", "9.0", "11.0", "5.0", 119_999, "55.0", 3, "2.0", "22.0", "0"])
    }

    fn message(answer: &Value) -> String {
        candles(answer, Interval::ONE_MINUTE, "GET x for ABC").unwrap_err().to_string()
    }

    #[test]
    fn a_kline_becomes_a_candle() {
        let candles = candles(&json!([kline()]), Interval::ONE_MINUTE, "").unwrap();
        assert_eq!(candles.len(), 1);
        let candle = candles[0];
        assert_eq!(candle.open_time_ms, 60_000);
        assert_eq!((candle.open, candle.high), (Some(10.0), Some(12.0)));
        assert_eq!((candle.low, candle.close), (Some(9.0), 11.0));
        assert_eq!((candle.volume, candle.quote_volume), (Some(5.0), Some(55.0)));
        assert_eq!(candle.count, Some(3.0));
        assert_eq!(candle.taker_buy_volume, Some(2.0));
        assert_eq!(candle.taker_buy_quote_volume, Some(22.0));
    }

    #[test]
    fn every_wrong_element_is_named() {
        for position in 0..11 {
            for wrong in [json!(null), json!(true), json!([1]), json!("x"), json!(1.5)] {
                let mut row = kline();
                row[position] = wrong;
                let text = message(&json!([kline(), row]));
                assert!(text.starts_with(&format!("GET x for ABC: kline 1, element {position} (")), "{text}");
            }
        }
    }

    #[test]
    fn wrong_shapes_are_named() {
        assert!(message(&json!({"code": -1})).contains("expected an array of klines"));
        assert!(message(&json!([5])).contains("kline 0: expected an array of 12 elements"));
        assert!(message(&json!([[1, 2]])).contains("an array of 12 elements, found [1,2]"));
        assert!(
            message(&json!([kline(), kline()]))
                .contains("expected a time after the previous kline's 60000, found 60000")
        );
        let mut row = kline();
        row[2] = json!("NaN");
        assert!(message(&json!([row])).contains("high is NaN, expected a finite price above 0"));
        let mut row = kline();
        row[6] = json!(5);
        assert!(message(&json!([row])).contains("a time after the open time"));
    }

    #[test]
    fn server_time_is_read_or_refused() {
        let time = server_time_ms(&json!({"serverTime": 1_499_827_319_559_i64}), "").unwrap();
        assert_eq!(time, 1_499_827_319_559);
        for bad in [json!({}), json!([]), json!({"serverTime": "1"}), json!({"serverTime": -1})] {
            assert!(server_time_ms(&bad, "").is_err());
        }
    }

    #[test]
    fn foreign_text_is_shortened_to_one_line() {
        assert_eq!(beginning("a\nb"), "a b");
        assert_eq!(beginning(&"ä".repeat(200)), format!("{}...", "ä".repeat(120)));
    }
}

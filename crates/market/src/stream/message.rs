//! What the exchange says by websocket, checked and turned into candles.

use serde::Deserialize;
use serde_json::Value;

use crate::rest::{CLOCK_MS, number};
use crate::{Candle, CandleError, Interval, utc_text};

/// A message of a combined stream, as far as it is a kline.
#[derive(Deserialize)]
struct CombinedMessage {
    data: StreamEvent,
}

/// `E` is the exchange's clock when it sent the message.
#[derive(Deserialize)]
struct StreamEvent {
    e: String,
    #[serde(rename = "E")]
    sent_ms: i64,
    #[serde(rename = "s")]
    symbol: String,
    k: StreamKline,
}

/// The exchange's names: `x` is whether the candle is closed.
#[derive(Deserialize)]
struct StreamKline {
    t: i64,
    #[serde(rename = "T")]
    close_time_ms: i64,
    i: String,
    o: Value,
    h: Value,
    l: Value,
    c: Value,
    v: Value,
    n: Value,
    x: bool,
    q: Value,
    #[serde(rename = "V")]
    taker_buy_volume: Value,
    #[serde(rename = "Q")]
    taker_buy_quote_volume: Value,
}

/// One message of a stream.
#[derive(Debug, PartialEq)]
pub(super) enum StreamMessage {
    /// A candle that is still forming, of that symbol.
    Forming(String),
    /// A closed candle, of that symbol; an error where it cannot be.
    Closed(String, Result<Candle, CandleError>),
    /// The answer to a request of ours.
    Answer,
    /// Nothing that was asked for.
    Other,
}

/// Reads one message of a stream of `interval`.
pub(super) fn read(text: &str, interval: Interval) -> StreamMessage {
    let Ok(CombinedMessage { data: event }) = serde_json::from_str(text) else {
        let is_answer = serde_json::from_str::<Value>(text)
            .is_ok_and(|value| value.get("result") == Some(&Value::Null));
        return if is_answer {
            StreamMessage::Answer
        } else {
            StreamMessage::Other
        };
    };
    if event.e != "kline" || event.k.i != interval.to_string() {
        return StreamMessage::Other;
    }
    if !event.k.x {
        return StreamMessage::Forming(event.symbol);
    }
    let candle = event.candle(interval);
    StreamMessage::Closed(event.symbol, candle)
}

impl StreamEvent {
    fn candle(&self, interval: Interval) -> Result<Candle, CandleError> {
        let kline = &self.k;
        let last_ms = kline.t.saturating_add(interval.ms() - 1);
        if !CLOCK_MS.contains(&self.sent_ms) {
            return Err(kline.fault(
                "event_time",
                self.sent_ms,
                "milliseconds from July 2017 to 2100".to_owned(),
            ));
        }
        // A closed candle is told of after its end; a bar of grace for a clock that is not exact.
        if kline.t > self.sent_ms {
            let expected = format!(
                "a time before that of the message, {}",
                utc_text(self.sent_ms)
            );
            return Err(kline.fault("open_time", kline.t, expected));
        }
        if kline.close_time_ms.abs_diff(last_ms) > 1 {
            return Err(kline.fault(
                "close_time",
                kline.close_time_ms,
                format!("{last_ms}, a candle of {interval}"),
            ));
        }
        let read = |field, value: &Value| {
            number(value).ok_or_else(|| kline.fault(field, value, "a number".to_owned()))
        };
        let candle = Candle {
            open_time_ms: kline.t,
            open: Some(read("open", &kline.o)?),
            high: Some(read("high", &kline.h)?),
            low: Some(read("low", &kline.l)?),
            close: read("close", &kline.c)?,
            volume: Some(read("volume", &kline.v)?),
            quote_volume: Some(read("quote_volume", &kline.q)?),
            count: Some(read("count", &kline.n)?),
            taker_buy_volume: Some(read("taker_buy_volume", &kline.taker_buy_volume)?),
            taker_buy_quote_volume: Some(read(
                "taker_buy_quote_volume",
                &kline.taker_buy_quote_volume,
            )?),
        };
        candle.check(interval)?;
        Ok(candle)
    }
}

impl StreamKline {
    fn fault(&self, field: &'static str, value: impl ToString, expected: String) -> CandleError {
        CandleError {
            open_time_ms: self.t,
            field,
            value: value.to_string(),
            expected,
        }
    }
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    const START: i64 = 1_704_067_200_000;

    fn kline() -> Value {
        json!({
            "t": START, "T": START + 59_999, "s": "BTCUSDT", "i": "1m", "f": 1, "L": 2, "o": "10.0", "c": "11.0", "h": "12.0",
            "l": "9.0", "v": "5.0", "n": 3, "x": true, "q": "55.0", "V": "2.0", "Q": "22.0", "B": "0"
        })
    }

    fn event(sent_ms: i64, kline: Value) -> String {
        json!({"stream": "x", "data": {"e": "kline", "E": sent_ms, "s": "BTCUSDT", "k": kline}})
            .to_string()
    }

    fn changed(key: &str, value: Value) -> Value {
        let mut kline = kline();
        kline[key] = value;
        kline
    }

    fn closed(text: &str) -> Result<Candle, CandleError> {
        match read(text, Interval::ONE_MINUTE) {
            StreamMessage::Closed(symbol, candle) if symbol == "BTCUSDT" => candle,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_closed_kline_is_a_candle_with_numbers_in_any_form() {
        let candle =
            closed(&event(START + 60_005, kline())).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(
            (candle.open_time_ms, candle.close, candle.count),
            (START, 11.0, Some(3.0))
        );
        for (key, value) in [
            ("c", json!(11.0)),
            ("n", json!("3")),
            ("v", json!(5)),
            ("new", json!([1])),
        ] {
            assert_eq!(
                closed(&event(START + 60_005, changed(key, value))),
                Ok(candle),
                "{key}"
            );
        }
        assert_eq!(
            read(
                &event(START + 5, changed("x", json!(false))),
                Interval::ONE_MINUTE
            ),
            StreamMessage::Forming("BTCUSDT".into())
        );
    }

    /// One candle that cannot be is that candle's fault, not the connection's.
    #[test]
    fn impossible_candles_are_refused_as_data() {
        let sent = START + 60_005;
        for (sent_ms, kline, expected) in [
            (
                sent,
                changed("c", json!("0.00000000")),
                "close is 0, expected a finite price above 0",
            ),
            (
                sent,
                changed("h", json!("8")),
                "high is 8, expected at least open (10)",
            ),
            (
                sent,
                changed("t", json!(START + 15_000)),
                "close_time is 1704067259999, expected 1704067274999",
            ),
            (
                sent,
                changed("v", json!("much")),
                "volume is \"much\", expected a number",
            ),
            (
                sent,
                changed("T", json!(START + 3_599_999)),
                "expected 1704067259999, a candle of 1m",
            ),
            (
                1,
                kline(),
                "event_time is 1, expected milliseconds from July 2017 to 2100",
            ),
            (
                sent * 1000,
                changed("t", json!(START * 1000)),
                "event_time is 1704067260005000",
            ),
            (
                sent,
                changed("t", json!(1_893_456_000_000_i64)),
                "open_time is 1893456000000, expected a time before that",
            ),
        ] {
            let fault = closed(&event(sent_ms, kline))
                .map_or_else(|fault| fault.to_string(), |_| "taken".to_owned());
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn other_messages_are_told_apart() {
        let read = |text: &str| read(text, Interval::ONE_MINUTE);
        assert_eq!(read("{\"result\":null,\"id\":1}"), StreamMessage::Answer);
        for other in [
            "<html>",
            "{\"error\":{\"code\":0,\"msg\":\"Unknown property\"}}",
            "{\"stream\":\"!\",\"data\":{\"e\":\"serverShutdown\",\"E\":1717286520000}}",
            &event(START, changed("i", json!("1h"))),
        ] {
            assert_eq!(read(other), StreamMessage::Other, "{other}");
        }
    }
}

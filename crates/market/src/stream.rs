//! Closed candles as the exchange announces them, by websocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::{Candle, Error, Interval, Market, Symbol};

/// The exchange sends an update of every liquid pair each second or two and a ping every 20 s: this much silence is a
/// dead line.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// How long setting up a connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// One websocket connection that announces candles of many symbols.
///
/// The exchange ends every connection after 24 hours, and lines break: whoever reads connects again, and fills what was
/// missed by [`RestClient`](crate::RestClient).
#[derive(Debug)]
pub struct KlineStream {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    url: String,
    interval: Interval,
    /// When the exchange last sent anything.
    heard_at: Instant,
    /// [`LONGEST_SILENCE`], but in tests.
    longest_silence: Duration,
}

/// A message of a combined stream, as far as it is a kline.
#[derive(Deserialize)]
struct Wrapped {
    data: Event,
}

#[derive(Deserialize)]
struct Event {
    e: String,
    #[serde(rename = "s")]
    symbol: String,
    k: Kline,
}

/// The exchange's names: `x` is whether the candle is closed.
#[derive(Deserialize)]
struct Kline {
    t: i64,
    i: String,
    o: String,
    h: String,
    l: String,
    c: String,
    v: String,
    n: f64,
    x: bool,
    q: String,
    #[serde(rename = "V")]
    taker_buy_volume: String,
    #[serde(rename = "Q")]
    taker_buy_quote_volume: String,
}

impl KlineStream {
    /// Connects; `base_url` defaults to `wss://data-stream.binance.vision` (spot) or
    /// `wss://fstream.binance.com/market` (futures: klines come there since the addresses without a category were closed in
    /// April 2026).
    ///
    /// # Errors
    /// [`Error::Stream`] when the exchange cannot be reached or refuses.
    pub async fn connect(
        market: Market,
        base_url: Option<&str>,
        symbols: &[Symbol],
        interval: Interval,
    ) -> Result<Self, Error> {
        let base = base_url.unwrap_or(match market {
            Market::Spot => "wss://data-stream.binance.vision",
            Market::Futures => "wss://fstream.binance.com/market",
        });
        let base = base.trim_end_matches('/');
        let streams: Vec<String> =
            symbols.iter().map(|symbol| format!("{}@kline_{interval}", symbol.url_lowercase())).collect();
        let url = format!("{base}/stream?streams={}", streams.join("/"));
        let failed = |reason: String| Error::Stream { url: base.to_owned(), reason };
        let connected = timeout(CONNECT_LIMIT, connect_async(&url));
        let (socket, _) = connected
            .await
            .map_err(|_| failed(format!("no connection within {} s", CONNECT_LIMIT.as_secs())))?
            .map_err(|error| failed(error.to_string()))?;
        let (heard_at, longest_silence) = (Instant::now(), LONGEST_SILENCE);
        Ok(Self { socket, url: base.to_owned(), interval, heard_at, longest_silence })
    }

    /// The next candle that is closed; those still forming are passed over. Loses nothing when it is cancelled, nor is a
    /// silence cut short by it.
    ///
    /// # Errors
    /// [`Error::Stream`] when the connection has ended or is silent, [`Error::WrongShape`] or [`Error::BadCandle`] for
    /// a message that is no kline.
    pub async fn next_closed(&mut self) -> Result<(Symbol, Candle), Error> {
        loop {
            let failed = |reason: String| Error::Stream { url: self.url.clone(), reason };
            let message = timeout_at(self.heard_at + self.longest_silence, self.socket.next())
                .await
                .map_err(|_| failed(format!("silent for {} s", self.longest_silence.as_secs())))?
                .ok_or_else(|| failed("the connection has ended".to_owned()))?
                .map_err(|error| failed(error.to_string()))?;
            self.heard_at = Instant::now();
            match message {
                Message::Text(text) => {
                    if let Some(closed) = self.closed_kline(text.as_str())? {
                        return Ok(closed);
                    }
                }
                // The library has queued the pong; it leaves with the next write.
                Message::Ping(_) => self.socket.flush().await.map_err(|error| failed(error.to_string()))?,
                Message::Close(_) => return Err(failed("the exchange closed the connection".to_owned())),
                _ => {}
            }
        }
    }

    fn closed_kline(&self, text: &str) -> Result<Option<(Symbol, Candle)>, Error> {
        let request = || format!("websocket {}", self.url);
        let wrong = |expected: &str, found: &str| Error::WrongShape {
            request: request(),
            place: "a message".to_owned(),
            expected: expected.to_owned(),
            found: found.chars().take(120).collect(),
        };
        let Wrapped { data: event } = serde_json::from_str(text).map_err(|_| wrong("a kline event", text))?;
        if event.e != "kline" || event.k.i != self.interval.to_string() {
            return Err(wrong(&format!("kline events of {}", self.interval), text));
        }
        if !event.k.x {
            return Ok(None);
        }
        let symbol = Symbol::new(&event.symbol)?;
        let candle = event.k.candle().ok_or_else(|| wrong("numbers as strings", text))?;
        candle.check(self.interval).map_err(|fault| Error::BadCandle {
            request: format!("{} for {symbol}", request()),
            fault: Box::new(fault),
        })?;
        Ok(Some((symbol, candle)))
    }
}

impl Kline {
    fn candle(&self) -> Option<Candle> {
        let number = |text: &str| text.parse::<f64>().ok();
        Some(Candle {
            open_time_ms: self.t,
            open: Some(number(&self.o)?),
            high: Some(number(&self.h)?),
            low: Some(number(&self.l)?),
            close: number(&self.c)?,
            volume: Some(number(&self.v)?),
            quote_volume: Some(number(&self.q)?),
            count: Some(self.n),
            taker_buy_volume: Some(number(&self.taker_buy_volume)?),
            taker_buy_quote_volume: Some(number(&self.taker_buy_quote_volume)?),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_dead_line_is_found_out_by_a_reader_that_never_waits_long() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let silent = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let _socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            std::future::pending::<()>().await;
        });
        let symbols = [Symbol::new("BTCUSDT").unwrap()];
        let mut stream = KlineStream::connect(Market::Spot, Some(&url), &symbols, Interval::ONE_MINUTE).await.unwrap();
        stream.longest_silence = Duration::from_millis(50);
        let error = loop {
            if let Ok(ended) = timeout(Duration::from_millis(5), stream.next_closed()).await {
                break ended.unwrap_err();
            }
        };
        assert!(error.to_string().contains("silent for 0 s"), "{error}");
        silent.abort();
    }
}

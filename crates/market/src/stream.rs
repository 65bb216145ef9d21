//! Closed candles as the exchange announces them, by websocket.

mod connect;
mod message;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::Message;

use crate::address::Address;
use crate::rest::beginning;
use crate::{Candle, CandleError, Error, Interval, Market, Symbol};
use connect::Socket;
use message::StreamMessage;

/// The exchange sends a ping every 20 s: this much silence is a dead line.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Coins without trades may be quiet while pings show that the line is alive. This long without a
/// kline of any coin of a connection, the exchange has forgotten what it was asked for: connecting
/// again costs nothing.
const LONGEST_WITHOUT_KLINES: Duration = Duration::from_secs(300);

/// Websocket connections that announce candles of many symbols, as many as the exchange's limits
/// call for.
///
/// The exchange ends every connection after 24 hours, and lines break: whoever reads connects
/// again, and fills what was missed by [`RestClient`](crate::RestClient).
#[derive(Debug)]
pub struct KlineStream {
    lines: Vec<StreamConnection>,
    /// The line that is read first next time: each has its turn.
    turn: usize,
    url: String,
    interval: Interval,
    /// By the exchange's spelling.
    symbols: BTreeMap<String, Symbol>,
    longest_silence: Duration,
    longest_without_klines: Duration,
}

/// One connection.
#[derive(Debug)]
struct StreamConnection {
    socket: Socket,
    /// When the exchange last sent anything.
    heard_at: Instant,
    /// When it last sent a kline.
    kline_at: Instant,
}

impl KlineStream {
    /// Connects; `base_url` defaults to `wss://data-stream.binance.vision` (spot) or
    /// `wss://fstream.binance.com/market` (futures: klines come there since the addresses without a
    /// category were closed in April 2026). The way leads by the proxy that HTTPS_PROXY,
    /// HTTP_PROXY or ALL_PROXY name, unless NO_PROXY or an address on this machine says
    /// otherwise.
    ///
    /// # Errors
    /// [`Error::BaseUrl`] when the URL is none, [`Error::Stream`] when the exchange cannot be
    /// reached or refuses.
    pub async fn connect(
        market: Market,
        base_url: Option<&str>,
        symbols: &[Symbol],
        interval: Interval,
    ) -> Result<Self, Error> {
        let text = base_url.unwrap_or(match market {
            Market::Spot => "wss://data-stream.binance.vision",
            Market::Futures => "wss://fstream.binance.com/market",
        });
        let address = Address::new(text, &["ws", "wss"])?;
        let proxies = Matcher::from_env();
        let mut lines = Vec::new();
        for path in connect::paths(symbols, interval) {
            let socket = connect::connect(&address, &path, &proxies).await?;
            let now = Instant::now();
            lines.push(StreamConnection {
                socket,
                heard_at: now,
                kline_at: now,
            });
        }
        Ok(Self {
            lines,
            turn: 0,
            url: address.to_string(),
            interval,
            symbols: symbols
                .iter()
                .map(|symbol| (symbol.to_string(), symbol.clone()))
                .collect(),
            longest_silence: LONGEST_SILENCE,
            longest_without_klines: LONGEST_WITHOUT_KLINES,
        })
    }

    /// The next candle that is closed, or the fault of one that cannot be: for its coin it is
    /// missing, for the connection it means nothing. Those still forming are passed over. Loses
    /// nothing when it is cancelled, nor is a silence cut short by it.
    ///
    /// # Errors
    /// [`Error::Stream`] when a connection has ended or is silent, [`Error::WrongShape`] for a
    /// message that is no kline.
    pub async fn next_closed(&mut self) -> Result<(Symbol, Result<Candle, CandleError>), Error> {
        loop {
            let (at, message) = self.next_message().await?;
            let now = Instant::now();
            let url = &self.url;
            let failed = |reason: String| Error::Stream {
                url: url.clone(),
                reason,
            };
            let Some(line) = self.lines.get_mut(at) else {
                continue;
            };
            line.heard_at = now;
            let text = match message {
                Message::Text(text) => text,
                // The library has queued the pong; it leaves with the next write.
                Message::Ping(_) => {
                    line.socket
                        .flush()
                        .await
                        .map_err(|error| failed(error.to_string()))?;
                    continue;
                }
                Message::Close(_) => {
                    return Err(failed("the exchange closed the connection".to_owned()));
                }
                _ => continue,
            };
            match message::read(text.as_str(), self.interval) {
                StreamMessage::Closed(symbol, candle) => {
                    line.kline_at = now;
                    // A coin that nobody asked for is nobody's.
                    if let Some(symbol) = self.symbols.get(&symbol) {
                        return Ok((symbol.clone(), candle));
                    }
                }
                StreamMessage::Forming(_) => line.kline_at = now,
                StreamMessage::Answer => {}
                StreamMessage::Other => {
                    return Err(Error::WrongShape {
                        request: format!("websocket {url}"),
                        place: "a message".to_owned(),
                        expected: format!("kline events of {}", self.interval),
                        found: beginning(text.as_str()),
                    });
                }
            }
        }
    }

    /// The next message of any connection, and which one it is.
    async fn next_message(&mut self) -> Result<(usize, Message), Error> {
        let (silence, without_klines) = (self.longest_silence, self.longest_without_klines);
        let ends =
            |line: &StreamConnection| (line.heard_at + silence).min(line.kline_at + without_klines);
        let end = self
            .lines
            .iter()
            .map(ends)
            .min()
            .unwrap_or_else(Instant::now);
        let (lines, turn) = (&mut self.lines, &mut self.turn);
        let message = poll_fn(|context| {
            let count = lines.len();
            for at in (0..count).map(|offset| (*turn + offset) % count) {
                if let Some(line) = lines.get_mut(at)
                    && let Poll::Ready(message) = line.socket.poll_next_unpin(context)
                {
                    *turn = at + 1;
                    return Poll::Ready((at, message));
                }
            }
            Poll::Pending
        });
        let failed = |reason: String| Error::Stream {
            url: self.url.clone(),
            reason,
        };
        let heard: (usize, Option<Result<Message, tungstenite::Error>>) =
            match timeout_at(end, message).await {
                Ok(heard) => heard,
                Err(_) => {
                    let is_silent = self.lines.iter().any(|line| line.heard_at + silence <= end);
                    return Err(failed(match is_silent {
                        true => format!("silent for {} s", silence.as_secs()),
                        false => format!(
                            "pings, but no kline of any coin for {} s",
                            without_klines.as_secs()
                        ),
                    }));
                }
            };
        let (at, message) = heard;
        let message = message.ok_or_else(|| failed("the connection has ended".to_owned()))?;
        Ok((at, message.map_err(|error| failed(error.to_string()))?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    fn symbols(names: &[&str]) -> Vec<Symbol> {
        names
            .iter()
            .map(|name| Symbol::new(name).unwrap())
            .collect()
    }

    /// An exchange that takes one connection and then does what `serve` does with it.
    async fn exchange<F: Future<Output = ()> + Send>(
        serve: impl FnOnce(tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>) -> F
        + Send
        + 'static,
    ) -> KlineStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://user:s3cret@{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            serve(tokio_tungstenite::accept_async(stream).await.unwrap()).await;
        });
        let symbols = symbols(&["BTCUSDT", "ETHUSDT"]);
        KlineStream::connect(Market::Spot, Some(&url), &symbols, Interval::ONE_MINUTE)
            .await
            .unwrap()
    }

    async fn error(mut stream: KlineStream) -> String {
        let error = loop {
            if let Ok(ended) = timeout(Duration::from_millis(5), stream.next_closed()).await {
                break ended.unwrap_err();
            }
        };
        assert!(!format!("{error} {error:?} {stream:?}").contains("s3cret"));
        error.to_string()
    }

    #[tokio::test]
    async fn a_dead_line_is_found_out_by_a_reader_that_never_waits_long() {
        let mut stream = exchange(async |_socket| std::future::pending().await).await;
        stream.longest_silence = Duration::from_millis(50);
        let error = error(stream).await;
        assert!(error.contains("silent for 0 s"), "{error}");
    }

    /// Pings keep a quiet line, but not for ever.
    #[tokio::test]
    async fn a_line_that_only_pings_is_alive_for_a_while() {
        let mut stream = exchange(async |mut socket| {
            while socket.send(Message::Ping("x".into())).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        stream.longest_silence = Duration::from_secs(30);
        stream.longest_without_klines = Duration::from_millis(200);
        let error = error(stream).await;
        assert!(
            error.contains("pings, but no kline of any coin for 0 s"),
            "{error}"
        );
    }

    /// What one coin's message says is never another coin's trouble, nor the connection's.
    #[tokio::test]
    async fn one_impossible_candle_leaves_the_connection_as_it_is() {
        let event = |symbol: &str, close: &str| {
            let kline = serde_json::json!({
                "t": 1_704_067_200_000_i64, "T": 1_704_067_259_999_i64, "i": "1m", "o": "1", "c": close, "h": "1", "l": "1",
                "v": "1", "n": 1, "x": true, "q": "1", "V": "1", "Q": "1"
            });
            let sent_ms = 1_704_067_260_001_i64;
            serde_json::json!({"data": {"e": "kline", "E": sent_ms, "s": symbol, "k": kline}})
                .to_string()
        };
        let texts = [
            "{\"result\":null,\"id\":1}".to_owned(),
            event("DOGEUSDT", "1"),
            event("币安人生USDT", "1"),
            event("ETHUSDT", "0"),
            event("BTCUSDT", "1"),
        ];
        let mut stream = exchange(async move |mut socket| {
            for text in texts {
                socket.send(Message::Text(text.into())).await.unwrap();
            }
            std::future::pending().await
        })
        .await;
        let (symbol, fault) = stream.next_closed().await.unwrap();
        assert_eq!(
            (symbol.as_str(), fault.unwrap_err().field),
            ("ETHUSDT", "close")
        );
        let (symbol, candle) = stream.next_closed().await.unwrap();
        assert_eq!((symbol.as_str(), candle.unwrap().close), ("BTCUSDT", 1.0));
    }

    /// The closed candle of the last of many coins comes by another connection than that of the
    /// first.
    #[tokio::test]
    async fn all_connections_are_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let coins: Vec<Symbol> = (0..300)
            .map(|number| Symbol::new(&format!("C{number}LONGUSDT")).unwrap())
            .collect();
        let serving = tokio::spawn(async move {
            let mut sockets = Vec::new();
            for (number, name) in [(0, "C0LONGUSDT"), (1, "C299LONGUSDT")] {
                let (stream, _) = listener.accept().await.unwrap();
                let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                let kline = serde_json::json!({
                    "t": 1_704_067_200_000_i64, "T": 1_704_067_259_999_i64, "i": "1m", "o": "1", "c": "1", "h": "1",
                    "l": "1", "v": "1", "n": number, "x": true, "q": "1", "V": "1", "Q": "1"
                });
                let event = serde_json::json!({"e": "kline", "E": 1_704_067_260_001_i64, "s": name, "k": kline});
                let text = serde_json::json!({"data": event}).to_string();
                socket.send(Message::Text(text.into())).await.unwrap();
                sockets.push(socket);
            }
            std::future::pending::<()>().await;
        });
        let mut stream =
            KlineStream::connect(Market::Spot, Some(&url), &coins, Interval::ONE_MINUTE)
                .await
                .unwrap();
        assert_eq!(stream.lines.len(), 2);
        let mut heard = vec![
            stream.next_closed().await.unwrap().0,
            stream.next_closed().await.unwrap().0,
        ];
        heard.sort_unstable();
        assert_eq!(heard, symbols(&["C0LONGUSDT", "C299LONGUSDT"]));
        serving.abort();
    }
}

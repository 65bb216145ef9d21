//! The websocket streams `/ws/<symbol>@kline_1m` and `/stream?streams=a@kline_1m/b@kline_1m`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde_json::json;
use tokio::time::{Instant, interval_at, sleep, timeout};

use crate::bar::ServedCandle;
use crate::coin::ServedCoin;
use crate::decimal::decimal;
use crate::server::Server;

const MINUTE_MS: i64 = 60_000;

/// The exchange ends every connection after a day.
const LONGEST_CONNECTION_MS: i64 = 24 * 60 * MINUTE_MS;

/// Real time between two pings.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Real time that a ping may stay unanswered.
const PONG_WITHIN: Duration = Duration::from_secs(60);

/// Real time that a client may leave a message unread once the system's buffers are full.
const LONGEST_SEND: Duration = Duration::from_secs(2);

/// `GET /ws/<stream>`: bare events.
pub(crate) async fn bare(
    State(server): State<Arc<Server>>,
    Path(streams): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    open(server, &streams, false, upgrade).await
}

/// `GET /stream?streams=<stream>/<stream>`: events wrapped with the name of their stream.
pub(crate) async fn combined(
    State(server): State<Arc<Server>>,
    Query(parameters): Query<BTreeMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let streams = parameters.get("streams").cloned().unwrap_or_default();
    open(server, &streams, true, upgrade).await
}

/// As at the exchange, a stream of a coin or an interval that is not there is silent, not refused.
async fn open(
    server: Arc<Server>,
    streams: &str,
    is_wrapped: bool,
    upgrade: WebSocketUpgrade,
) -> Response {
    server.counts().count_request("socket");
    if let Some(refusal) = server.closed() {
        return server.send(refusal).await;
    }
    let suffix = format!("@kline_{}", server.interval);
    let mut places: Vec<usize> = streams
        .split('/')
        .filter_map(|stream| server.place(&stream.strip_suffix(&suffix)?.to_ascii_uppercase()))
        .collect();
    places.sort_unstable();
    places.dedup();
    upgrade.on_upgrade(move |socket| async move {
        let opened_ms = server.now_ms();
        ClientConnection {
            server,
            places,
            is_wrapped,
            opened_ms,
            sent_ms: opened_ms,
            socket,
        }
        .run()
        .await;
    })
}

/// One connection.
struct ClientConnection {
    server: Arc<Server>,
    /// Its coins.
    places: Vec<usize>,
    is_wrapped: bool,
    opened_ms: i64,
    /// Every event up to this time has been sent.
    sent_ms: i64,
    socket: WebSocket,
}

/// The connection is over.
struct ConnectionClosed;

impl ClientConnection {
    /// Sends events until the connection ends, one way or the other.
    async fn run(mut self) {
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let mut unanswered: Option<Instant> = None;
        loop {
            let wait = self.server.clock.wait_until(self.next_event_ms());
            let step = tokio::select! {
                () = sleep(wait) => self.send_events().await,
                _ = pings.tick() => {
                    let is_dead = unanswered.is_some_and(|since| since.elapsed() > PONG_WITHIN);
                    unanswered = unanswered.or_else(|| Some(Instant::now()));
                    if is_dead { Err(ConnectionClosed) } else { self.send(Message::Ping(Default::default())).await }
                }
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(ConnectionClosed),
                    Some(Ok(Message::Pong(_))) => { unanswered = None; Ok(()) }
                    Some(Ok(_)) => Ok(()),
                },
            };
            if step.is_err() {
                return;
            }
        }
    }

    /// When something may happen next: a candle's middle or close, a late candle, an outage.
    fn next_event_ms(&self) -> i64 {
        let step_ms = self.server.interval.ms();
        let faults = &self.server.faults;
        let late_ms = if faults.late > 0.0 {
            faults.late_ms.try_into().unwrap_or(0)
        } else {
            0
        };
        let after_ms = self.sent_ms;
        let on_grid =
            |offset_ms: i64| after_ms + step_ms - (after_ms - offset_ms).rem_euclid(step_ms);
        let events = [0, step_ms / 2, late_ms].into_iter().map(on_grid);
        let outages = self
            .server
            .schedule
            .outages
            .iter()
            .map(|outage| outage.0)
            .filter(|&from_ms| from_ms > after_ms);
        events.chain(outages).min().unwrap_or(i64::MAX)
    }

    /// Sends what has happened since the last time.
    async fn send_events(&mut self) -> Result<(), ConnectionClosed> {
        let (after_ms, now_ms) = (self.sent_ms, self.server.now_ms());
        self.sent_ms = now_ms;
        if self.server.is_out(now_ms) {
            self.server.counts().count_fault("outages");
            return Err(ConnectionClosed);
        }
        let minutes = now_ms.div_euclid(MINUTE_MS) - after_ms.div_euclid(MINUTE_MS);
        let staying = (1.0 - self.server.faults.drop_socket).powf(minutes as f64);
        if self.server.draw() >= staying {
            self.server.counts().count_fault("drop_socket");
            return Err(ConnectionClosed);
        }
        for text in self.events(after_ms, now_ms) {
            self.send(Message::text(text)).await?;
        }
        if now_ms - self.opened_ms >= LONGEST_CONNECTION_MS {
            self.send(Message::Close(None)).await?;
            return Err(ConnectionClosed);
        }
        Ok(())
    }

    /// The events after `after_ms` until `until_ms`, in the order in which they happen.
    fn events(&self, after_ms: i64, until_ms: i64) -> Vec<String> {
        let mut events: Vec<(i64, String)> = Vec::new();
        for coin in self
            .places
            .iter()
            .filter_map(|&place| self.server.coins.get(place))
        {
            for (time_ms, bar) in coin.halfway(after_ms, until_ms) {
                events.push((time_ms, self.event(coin, time_ms, &bar, false)));
            }
            for (time_ms, bar) in coin.closing(after_ms, until_ms) {
                if coin.is_silent(bar.open_time_ms) {
                    self.server.counts().count_fault("silent_socket");
                } else {
                    events.push((time_ms, self.event(coin, time_ms, &bar, true)));
                }
            }
        }
        events.sort_by_key(|(time_ms, _)| *time_ms);
        events.into_iter().map(|(_, text)| text).collect()
    }

    fn event(
        &self,
        coin: &ServedCoin,
        time_ms: i64,
        bar: &ServedCandle,
        is_closed: bool,
    ) -> String {
        let (symbol, interval) = (coin.symbol.as_str(), self.server.interval);
        let text = |value: f64| decimal(value, self.server.market);
        let event = json!({
            "e": "kline",
            "E": time_ms.saturating_add(self.server.faults.clock_skew_ms),
            "s": symbol,
            "k": {
                "t": bar.open_time_ms,
                "T": bar.open_time_ms + interval.ms() - 1,
                "s": symbol,
                "i": interval.to_string(),
                // Ids of the first and last trade: a store has none.
                "f": -1,
                "L": -1,
                "o": text(bar.open),
                "c": text(bar.close),
                "h": text(bar.high),
                "l": text(bar.low),
                "v": text(bar.volume),
                "n": bar.count,
                "x": is_closed,
                "q": text(bar.quote_volume),
                "V": text(bar.taker_buy_volume),
                "Q": text(bar.taker_buy_quote_volume),
                "B": "0",
            },
        });
        if !self.is_wrapped {
            return event.to_string();
        }
        let stream = format!("{}@kline_{interval}", symbol.to_ascii_lowercase());
        json!({"stream": stream, "data": event}).to_string()
    }

    async fn send(&mut self, message: Message) -> Result<(), ConnectionClosed> {
        match timeout(LONGEST_SEND, self.socket.send(message)).await {
            Ok(sent) => sent.map_err(|_| ConnectionClosed),
            Err(_) => {
                self.server.counts().count_fault("slow_reader");
                Err(ConnectionClosed)
            }
        }
    }
}

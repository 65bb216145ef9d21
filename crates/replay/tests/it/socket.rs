//! Websocket streams.

use std::io::Write;
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt};
use market::{Interval, Market};
use replay::{Exchange, Faults, ReplayConfig};
use serde_json::Value;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::get;
use crate::coins::{MINUTE_MS, minutes, ms, start, symbol};

/// A minute in 100 ms, from shortly before 01:00 on.
fn fast(faults: Faults) -> Exchange {
    let config = ReplayConfig {
        start: Some("2021-05-03T00:59:50".into()),
        speed: 600.0,
        faults,
        ..ReplayConfig::default()
    };
    start(Market::Spot, &config)
}

/// Runs `read` on the stream at `path`, no longer than 5 s.
fn connected<T>(
    exchange: &Exchange,
    path: &str,
    read: impl AsyncFnOnce(Box<dyn Stream<Item = Result<Message, Error>> + Unpin>) -> T,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (socket, _) = connect_async(format!("{}{path}", exchange.ws_url()))
            .await
            .unwrap();
        tokio::time::timeout(Duration::from_secs(5), read(Box::new(socket)))
            .await
            .expect("within 5 s")
    })
}

/// The next `count` events of the stream at `path`.
fn events(exchange: &Exchange, path: &str, count: usize) -> Vec<Value> {
    connected(exchange, path, async |mut socket| {
        let mut events = Vec::new();
        while events.len() < count {
            if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                events.push(serde_json::from_str(text.as_str()).unwrap());
            }
        }
        events
    })
}

#[test]
fn a_candle_is_announced_forming_and_then_closed() {
    let exchange = fast(Faults::default());
    let events = events(&exchange, "/ws/ausdt@kline_1m", 7);
    let closed: Vec<&Value> = events
        .iter()
        .filter(|event| event["k"]["x"] == true)
        .collect();
    let forming: Vec<&Value> = events
        .iter()
        .filter(|event| event["k"]["x"] == false)
        .collect();
    assert!(closed.len() >= 3 && forming.len() >= 3, "{events:?}");
    for event in &events {
        assert_eq!(
            (event["e"].as_str(), event["s"].as_str()),
            (Some("kline"), Some("AUSDT"))
        );
        let kline = &event["k"];
        assert_eq!(
            (kline["i"].as_str(), kline["s"].as_str()),
            (Some("1m"), Some("AUSDT"))
        );
        let at_ms = event["E"].as_i64().unwrap() - kline["t"].as_i64().unwrap();
        assert_eq!(
            at_ms,
            if kline["x"] == true {
                MINUTE_MS
            } else {
                MINUTE_MS / 2
            }
        );
        let keys: Vec<&str> = kline
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut documented = [
            "t", "T", "s", "i", "f", "L", "o", "c", "h", "l", "v", "n", "x", "q", "V", "Q", "B",
        ];
        documented.sort_unstable();
        assert_eq!(keys, documented);
    }
    // The closed candle is the one that REST serves; the forming one has another close.
    for event in closed {
        let kline = &event["k"];
        let target = format!(
            "/api/v3/klines?symbol=AUSDT&interval=1m&startTime={}&limit=1",
            kline["t"]
        );
        let rest = get(&exchange.url(), &target).json()[0].clone();
        for (key, place) in ["t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B"]
            .into_iter()
            .zip(0..)
        {
            assert_eq!(kline[key], rest[place], "{key}");
        }
        if let Some(forming) = forming
            .iter()
            .find(|forming| forming["k"]["t"] == kline["t"])
        {
            assert_ne!(forming["k"]["c"], kline["c"]);
        }
    }
}

#[test]
fn a_combined_stream_names_its_streams() {
    let exchange = fast(Faults::default());
    let events = events(
        &exchange,
        "/stream?streams=ausdt@kline_1m/busdt@kline_1m/nosuch@kline_1m",
        8,
    );
    for (place, event) in events.iter().enumerate() {
        let name = if place % 2 == 0 { "AUSDT" } else { "BUSDT" };
        assert_eq!(event["stream"], format!("{}@kline_1m", name.to_lowercase()));
        assert_eq!(event["data"]["s"], name);
    }
    assert_eq!(exchange.counts().requests("socket"), 1);
}

#[test]
fn no_candle_is_announced_closed_before_it_is() {
    let exchange = fast(Faults::default());
    connected(&exchange, "/ws/ausdt@kline_1m", async |mut socket| {
        for _ in 0..6 {
            let Message::Text(text) = socket.next().await.unwrap().unwrap() else {
                continue;
            };
            let event: Value = serde_json::from_str(text.as_str()).unwrap();
            assert!(event["E"].as_i64().unwrap() <= exchange.now_ms(), "{event}");
        }
    });
}

#[test]
fn late_candles_are_announced_late() {
    let exchange = fast(Faults {
        late: 1.0,
        late_ms: 15_000,
        ..Faults::default()
    });
    for event in events(&exchange, "/ws/ausdt@kline_1m", 3) {
        assert_eq!(event["k"]["x"], true, "a late candle is not shown forming");
        assert_eq!(
            event["E"].as_i64().unwrap() - event["k"]["t"].as_i64().unwrap(),
            MINUTE_MS + 15_000
        );
    }
}

#[test]
fn silent_sockets_leave_closed_candles_out() {
    let exchange = fast(Faults {
        silent_socket: 1.0,
        ..Faults::default()
    });
    let events = events(&exchange, "/ws/ausdt@kline_1m", 4);
    assert!(events.iter().all(|event| event["k"]["x"] == false));
    assert!(exchange.counts().faults("silent_socket") >= 3);
}

#[test]
fn dropped_sockets_end_without_goodbye() {
    let exchange = fast(Faults {
        drop_socket: 1.0,
        ..Faults::default()
    });
    let goodbye = connected(&exchange, "/ws/ausdt@kline_1m", async |mut socket| {
        let mut goodbye = false;
        while let Some(Ok(message)) = socket.next().await {
            goodbye |= message.is_close();
        }
        goodbye
    });
    assert!(!goodbye);
    assert_eq!(exchange.counts().faults("drop_socket"), 1);
}

#[test]
fn an_outage_drops_sockets_and_lets_none_in() {
    let outages = vec![["2021-05-03T01:01:00".into(), "2021-05-03T01:30:00".into()]];
    let exchange = fast(Faults {
        outages,
        ..Faults::default()
    });
    connected(&exchange, "/ws/ausdt@kline_1m", async |mut socket| {
        while let Some(Ok(_)) = socket.next().await {}
    });
    assert!(exchange.now_ms() >= ms("2021-05-03T01:01"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let refused = runtime
        .block_on(connect_async(format!(
            "{}/ws/ausdt@kline_1m",
            exchange.ws_url()
        )))
        .unwrap_err();
    assert!(
        matches!(&refused, Error::Http(response) if response.status() == 503),
        "{refused}"
    );
}

#[test]
fn a_connection_ends_after_a_day() {
    let config = ReplayConfig {
        speed: 86_400.0,
        ..ReplayConfig::default()
    };
    let exchange = start(Market::Spot, &config);
    let opened_ms = exchange.now_ms();
    let goodbye = connected(&exchange, "/ws/ausdt@kline_1m", async |mut socket| {
        let mut goodbye = false;
        while let Some(Ok(message)) = socket.next().await {
            goodbye |= message.is_close();
        }
        goodbye
    });
    assert!(goodbye);
    assert!(exchange.now_ms() - opened_ms >= 24 * 60 * MINUTE_MS);
}

#[test]
fn a_reader_that_does_not_read_is_dropped() {
    // 20 MB of events at once: more than the system's buffers take.
    let names: Vec<String> = (0..20).map(|coin| format!("A{coin}USDT")).collect();
    let coins = names
        .iter()
        .map(|name| (symbol(name), minutes("2021-05-03", 1400)))
        .collect();
    let config = ReplayConfig {
        speed: 1e7,
        ..ReplayConfig::default()
    };
    let exchange = Exchange::start(Market::Spot, Interval::ONE_MINUTE, coins, &config).unwrap();
    let mut stream =
        std::net::TcpStream::connect(exchange.url().strip_prefix("http://").unwrap()).unwrap();
    let streams: Vec<String> = names
        .iter()
        .map(|name| format!("{}@kline_1m", name.to_lowercase()))
        .collect();
    write!(
        stream,
        "GET /stream?streams={} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        streams.join("/")
    )
    .unwrap();
    let began = Instant::now();
    while exchange.counts().faults("slow_reader") == 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "still connected");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_dropped_exchange_stops() {
    let exchange = fast(Faults::default());
    let url = exchange.url();
    assert_eq!(get(&url, "/api/v3/ping").status, 200);
    let began = Instant::now();
    drop(exchange);
    assert!(std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).is_err());
    assert!(began.elapsed() < Duration::from_secs(5));
}

//! REST: what clients are answered when nothing is wrong.

use std::fs;

use market::{Interval, Market, RestClient};
use replay::{Exchange, Faults, ReplayConfig};
use serde_json::{Value, json};

use crate::client::get;
use crate::coins::{MINUTE_MS, candle, minutes, ms, serving, standing, start, symbol};

const KLINES: &str = "/api/v3/klines?symbol=AUSDT&interval=1m";

#[test]
fn klines_are_the_real_exchange_s_element_for_element() {
    let names = ["BTCUSDT-15m-2025-01-06", "ETHUSDT-15m-2025-06-02"];
    for path in names
        .iter()
        .filter_map(|name| tests::shared_data(&format!("fixtures/rest-klines/{name}.json")))
    {
        let real: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let rows = real.as_array().unwrap().iter();
        let candles = rows
            .map(|row| candle(&row.as_array().unwrap().iter().map(text).collect::<Vec<_>>()))
            .collect();
        let (exchange, parts) = serving(&path, Market::Spot, candles);
        let served = get(
            &exchange.url(),
            &format!("/api/v3/klines?symbol={}&interval=15m&limit=1000", parts[0]),
        );
        assert_eq!(served.json(), real, "{}", path.display());
    }
}

#[test]
fn pages_are_chosen_as_documented() {
    let exchange = standing("2021-05-03T02:30:20", Faults::default());
    let times = |query: &str| get(&exchange.url(), &format!("{KLINES}{query}")).times();
    let at = |minute: i64| ms("2021-05-03") + minute * MINUTE_MS;
    let span = |from: i64, until: i64| (from..until).map(at).collect::<Vec<_>>();
    // 150 candles are closed, the next is forming.
    assert_eq!(times(""), span(0, 151));
    assert_eq!(times("&limit=3"), span(148, 151));
    assert_eq!(times(&format!("&startTime={}", at(140))), span(140, 151));
    assert_eq!(
        times(&format!("&startTime={}&limit=2", at(10))),
        span(10, 12)
    );
    assert_eq!(
        times(&format!("&startTime={}&limit=2", at(10) + 1)),
        span(11, 13)
    );
    assert_eq!(times(&format!("&endTime={}&limit=2", at(10))), span(9, 11));
    assert_eq!(
        times(&format!("&endTime={}&limit=2", at(10) - 1)),
        span(8, 10)
    );
    assert_eq!(
        times(&format!("&startTime={}&endTime={}", at(10), at(12))),
        span(10, 13)
    );
    assert_eq!(
        times(&format!("&startTime={}&endTime={}&limit=2", at(10), at(99))),
        span(10, 12)
    );
    assert_eq!(times(&format!("&startTime={}", at(151))), span(0, 0));
    assert_eq!(
        times(&format!("&startTime={}&endTime={}", at(12), at(10))),
        span(0, 0)
    );
    assert_eq!(times("&limit=9999").len(), 151);
    let all: Vec<i64> = (0..3)
        .flat_map(|page| times(&format!("&startTime={}&limit=60", at(page * 60))))
        .collect();
    assert_eq!(all, span(0, 151));
}

#[test]
fn the_forming_candle_has_another_close_than_the_closed_one() {
    let forming = get(
        &standing("2021-05-03T01:00:59.999", Faults::default()).url(),
        &format!("{KLINES}&limit=1"),
    );
    let closed = get(
        &standing("2021-05-03T01:01:00", Faults::default()).url(),
        &format!("{KLINES}&limit=2"),
    );
    let (forming, closed) = (&forming.json()[0], &closed.json()[0]);
    assert_eq!(forming[0], ms("2021-05-03T01:00"));
    assert_eq!(
        (&forming[0], &forming[1], &forming[6]),
        (&closed[0], &closed[1], &closed[6])
    );
    assert_ne!(forming[4], closed[4]);
    assert!(forming[8].as_i64().unwrap() < closed[8].as_i64().unwrap());
}

#[test]
fn refusals_are_the_documented_ones() {
    let exchange = standing("2021-05-03T02:30:20", Faults::default());
    let futures = start(
        Market::Futures,
        &ReplayConfig {
            start: Some("2021-05-03T01:00".into()),
            speed: 0.0,
            ..ReplayConfig::default()
        },
    );
    let refusal = |exchange: &Exchange, target: &str| {
        let answer = get(&exchange.url(), target);
        format!("{target}\n  {} {}\n", answer.status, answer.text())
    };
    let mut text = String::new();
    for query in [
        "symbol=NOSUCH&interval=1m",
        "symbol=ausdt&interval=1m",
        "symbol=AUSDT&interval=2m",
        "symbol=AUSDT&interval=1h",
        "interval=1m",
        "symbol=AUSDT",
        "symbol=&interval=1m",
        "symbol=AUSDT&interval=1m&limit=0",
        "symbol=AUSDT&interval=1m&limit=-5",
        "symbol=AUSDT&interval=1m&startTime=yesterday",
        "symbol=AUSDT&interval=1m&endTime=99999999999999999999",
    ] {
        text += &refusal(&exchange, &format!("/api/v3/klines?{query}"));
    }
    text += &refusal(&exchange, "/api/v3/exchangeInfo?symbol=NOSUCH");
    text += &refusal(
        &futures,
        "/fapi/v1/klines?symbol=AUSDT&interval=1m&limit=1501",
    );
    insta::assert_snapshot!(text);
    assert_eq!(get(&exchange.url(), "/fapi/v1/time").status, 404);
    assert_eq!(get(&exchange.url(), "/").status, 404);
    assert_eq!(exchange.counts().requests("klines"), 11);
    assert_eq!(exchange.counts().requests("unknown"), 2);
}

#[test]
fn clock_and_coins_are_told() {
    let exchange = standing("2021-05-03T02:30:20", Faults::default());
    assert_eq!(exchange.now_ms(), ms("2021-05-03T02:30:20"));
    let url = exchange.url();
    assert_eq!(get(&url, "/api/v3/ping").json(), json!({}));
    let time = get(&url, "/api/v3/time");
    assert_eq!(
        time.json(),
        json!({"serverTime": ms("2021-05-03T02:30:20")})
    );
    assert_eq!(time.headers["date"], "Mon, 03 May 2021 02:30:20 GMT");
    let told = get(&url, "/api/v3/exchangeInfo").json();
    assert_eq!(told["rateLimits"][0]["limit"], 6000);
    let symbols = told["symbols"].as_array().unwrap();
    assert_eq!(symbols.len(), 2);
    for key in ["symbol", "status", "baseAsset", "quoteAsset"] {
        assert!(symbols[0][key].is_string(), "{key}");
    }
    assert_eq!(
        (&symbols[1]["baseAsset"], &symbols[1]["status"]),
        (&json!("B"), &json!("TRADING"))
    );
    // What the real exchange tells about a coin, in part.
    if let Some(path) = tests::shared_data("fixtures/exchange-info/spot-2018-09.json") {
        let real: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for key in [
            "symbol",
            "status",
            "baseAsset",
            "quoteAsset",
            "baseAssetPrecision",
            "filters",
        ] {
            assert!(
                !real["symbols"][0][key].is_null() && !symbols[0][key].is_null(),
                "{key}"
            );
        }
    }
}

#[test]
fn used_weight_is_told_and_limited() {
    let config = ReplayConfig {
        start: Some("2021-05-03T01:00:05".into()),
        speed: 0.0,
        weight_limit: Some(25),
        ..ReplayConfig::default()
    };
    let exchange = start(Market::Spot, &config);
    let used = |target: &str| {
        let answer = get(&exchange.url(), target);
        (
            answer.status,
            answer.headers["x-mbx-used-weight-1m"]
                .parse::<u32>()
                .unwrap(),
        )
    };
    assert_eq!(used("/api/v3/ping"), (200, 1));
    assert_eq!(used(KLINES), (200, 3));
    assert_eq!(used("/api/v3/time"), (200, 4));
    assert_eq!(used("/api/v3/exchangeInfo"), (200, 24));
    assert_eq!(used(KLINES), (429, 26));
    let refused = get(&exchange.url(), "/api/v3/time");
    assert_eq!(refused.json()["code"], -1003);
    let secs: u64 = refused.headers["retry-after"].parse().unwrap();
    assert!((50..=55).contains(&secs), "the rest of the minute: {secs}");
    assert_eq!(exchange.counts().faults("weight_limit"), 2);
    assert_eq!(exchange.counts().faults("while_silenced"), 1);

    let futures = start(
        Market::Futures,
        &ReplayConfig {
            speed: 0.0,
            ..config.clone()
        },
    );
    let weight = |limit: u32| {
        let target = format!("/fapi/v1/klines?symbol=AUSDT&interval=1m&limit={limit}");
        let told = |answer: crate::client::Answer| {
            answer.headers["x-mbx-used-weight-1m"]
                .parse::<u32>()
                .unwrap()
        };
        told(get(&futures.url(), &target))
    };
    assert_eq!([99, 499, 1000, 1500].map(weight), [1, 3, 8, 18]);
}

#[test]
fn our_own_client_reads_what_is_closed() {
    let exchange = standing("2021-05-03T02:30:20", Faults::default());
    let client = RestClient::new(Market::Spot, Some(&exchange.url())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let symbols = [symbol("AUSDT"), symbol("BUSDT")];
    let fetched = runtime
        .block_on(client.fetch_closed(
            &symbols,
            Interval::ONE_MINUTE,
            ms("2021-05-03"),
            exchange.now_ms(),
        ))
        .unwrap();
    assert_eq!(fetched.server_time_ms, exchange.now_ms());
    let stored = minutes("2021-05-03", 150);
    for coin in fetched.coins {
        assert_eq!(
            coin.served.unwrap().candles,
            (0..150).map(|row| stored.candle(row)).collect::<Vec<_>>()
        );
    }
}

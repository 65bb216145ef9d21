//! `RestClient` against a stub exchange.

mod addresses;
mod candles;
mod faults;
mod silence;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use market::{Candle, Error, Interval, Market, RestClient, RestOptions, Served, Symbol};
use serde_json::{Value, json};

use crate::stub::{Reply, Request, Stub, ok, status, told};

const MINUTE: i64 = 60_000;

const START: i64 = 1_704_067_200_000;

fn options() -> RestOptions {
    RestOptions {
        timeout: Duration::from_secs(5),
        max_tries: 3,
        max_wait: Duration::from_secs(5),
        retry_pause: Duration::from_millis(5),
        ..RestOptions::for_market(Market::Spot)
    }
}

fn client(stub: &Stub) -> RestClient {
    RestClient::with_options(Market::Spot, Some(&stub.url), options()).unwrap()
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

/// A made-up kline that opens `index` minutes after `START`.
fn kline(index: i64) -> Value {
    let open = START + index * MINUTE;
    json!([
        open,
        "10.0",
        "12.0",
        "9.0",
        format!("{}", 10.0 + (index % 7) as f64 / 10.0),
        "5.0",
        open + MINUTE - 1,
        "55.0",
        3,
        "2.0",
        "22.0",
        "0"
    ])
}

/// An exchange that has the klines of these minutes and this clock.
fn exchange(request: &Request, minutes: std::ops::Range<i64>, clock: i64) -> Reply {
    if request.path.ends_with("/time") {
        return ok(json!({"serverTime": clock}).to_string());
    }
    let from = request.number("startTime");
    let limit = usize::try_from(request.number("limit")).unwrap();
    let rows: Vec<Value> = minutes
        .filter(|index| START + index * MINUTE >= from && START + index * MINUTE <= clock)
        .map(kline)
        .take(limit)
        .collect();
    ok(Value::from(rows).to_string())
}

/// The exchange answers its time; klines meet `answer`.
fn troubled(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(move |request, before| {
        if request.path.ends_with("/time") {
            ok(json!({"serverTime": START + 10 * MINUTE}).to_string())
        } else {
            // The first request is for the time.
            answer(before - 1)
        }
    })
}

async fn serve(client: &RestClient) -> Result<Served, Error> {
    client
        .closed_klines(&symbol("BTCUSDT"), Interval::ONE_MINUTE, START, i64::MAX)
        .await
}

async fn fetch(client: &RestClient) -> Result<Vec<Candle>, Error> {
    serve(client).await.map(|served| served.candles)
}

/// The error's text, after what every one must have: the URL and the symbol.
async fn trouble(stub: &Stub) -> String {
    let text = told(&fetch(&client(stub)).await.unwrap_err());
    let url = format!(
        "GET {}/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime={START}&limit=11 for BTCUSDT: ",
        stub.url
    );
    match text.strip_prefix(&url) {
        Some(rest) => rest.to_owned(),
        None => panic!("{text:?} does not begin with {url:?}"),
    }
}

/// Two that are final, as a third one follows.
fn two_klines() -> String {
    json!([kline(0), kline(1), kline(10)]).to_string()
}

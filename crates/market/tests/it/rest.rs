//! `RestClient` against a stub exchange.

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

#[tokio::test]
async fn a_candle_still_forming_by_the_servers_clock_is_dropped() {
    // The clock is far from the local one, and one millisecond decides.
    for (clock, expected) in [
        (START + 3 * MINUTE - 1, 2),
        (START + 3 * MINUTE, 3),
        (START + 3 * MINUTE + 1, 3),
    ] {
        let stub = Stub::start(move |request, _| exchange(request, 0..10, clock));
        let candles = fetch(&client(&stub)).await.unwrap();
        assert_eq!(candles.len(), expected, "at {clock}");
        for candle in candles {
            assert!(candle.open_time_ms + MINUTE <= clock);
        }
    }
}

#[tokio::test]
async fn pages_are_joined_and_holes_stay_holes() {
    let clock = START + 2600 * MINUTE + 5;
    let stub = Stub::start(move |request, _| {
        if request.path.ends_with("/time") {
            return exchange(request, 0..0, clock);
        }
        let from = request.number("startTime");
        let limit = usize::try_from(request.number("limit")).unwrap();
        let rows: Vec<Value> = (0..=2600)
            .filter(|index| !(1500..1580).contains(index) && START + index * MINUTE >= from)
            .take(limit.min(1000))
            .map(kline)
            .collect();
        ok(Value::from(rows).to_string())
    });
    let candles = fetch(&client(&stub)).await.unwrap();
    assert_eq!(candles.len(), 2600 - 80);
    assert!(candles.is_sorted_by(|a, b| a.open_time_ms < b.open_time_ms));
    assert_eq!(stub.count("/klines"), 3);
    let klines: Vec<Request> = stub.requests().into_iter().skip(1).collect();
    assert_eq!(klines[0].number("limit"), 1000);
    assert_eq!(klines[1].number("startTime"), START + 1000 * MINUTE);
    assert!(
        klines
            .iter()
            .all(|request| request.parameter("endTime").is_none())
    );
}

#[tokio::test]
async fn until_is_exclusive_and_no_page_too_many_is_asked() {
    let stub = Stub::start(|request, _| exchange(request, 0..100, START + 100 * MINUTE));
    let (from, until) = (START + 10 * MINUTE, START + 20 * MINUTE);
    let served = client(&stub)
        .closed_klines(&symbol("BTCUSDT"), Interval::ONE_MINUTE, from, until)
        .await
        .unwrap();
    let candles = served.candles;
    assert_eq!(candles.len(), 10);
    assert_eq!(candles[0].open_time_ms, from);
    assert_eq!(candles[9].open_time_ms, until - MINUTE);
    assert_eq!(stub.count("/klines"), 1);
    // Nothing wanted, nothing asked.
    for (from, until) in [(until, until), (i64::MAX, i64::MAX), (until, i64::MIN)] {
        let none = client(&stub)
            .closed_klines(&symbol("BTCUSDT"), Interval::ONE_MINUTE, from, until)
            .await
            .unwrap();
        assert_eq!(none, Served::default());
    }
    assert_eq!(stub.count("/klines"), 1);
    // A dead symbol: the page after its last candle is empty.
    let stub = Stub::start(|request, _| exchange(request, 0..5, START + 100 * MINUTE));
    assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 5);
    assert_eq!(stub.count("/klines"), 2);
}

#[tokio::test]
async fn futures_have_their_own_paths_and_limit() {
    let stub = Stub::start(|request, _| exchange(request, 0..2001, START + 2000 * MINUTE));
    let client = RestClient::with_options(Market::Futures, Some(&stub.url), options()).unwrap();
    assert_eq!(fetch(&client).await.unwrap().len(), 2000);
    let requests = stub.requests();
    assert_eq!(requests[0].path, "/fapi/v1/time");
    assert_eq!(requests[1].path, "/fapi/v1/klines");
    assert_eq!(requests[1].number("limit"), 1500);
    assert_eq!(
        requests[2].number("limit"),
        501,
        "one more shows that the last one is final"
    );
}

#[tokio::test]
async fn all_symbols_come_in_order_and_at_once() {
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let at_once = Arc::clone(&most);
    let stub = Stub::start(move |request, _| {
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(100));
        open.fetch_sub(1, Ordering::SeqCst);
        exchange(request, 0..10, START + 8 * MINUTE + 30_000)
    });
    let symbols: Vec<Symbol> = (0..12).map(|n| symbol(&format!("C{n}USDT"))).collect();
    let fetched = client(&stub)
        .fetch_closed(&symbols, Interval::ONE_MINUTE, START, i64::MAX)
        .await
        .unwrap();
    assert!(at_once.load(Ordering::SeqCst) > 1, "one after the other");
    assert_eq!(fetched.server_time_ms, START + 8 * MINUTE + 30_000);
    let order: Vec<Symbol> = fetched
        .coins
        .iter()
        .map(|coin| coin.symbol.clone())
        .collect();
    assert_eq!(order, symbols);
    assert!(
        fetched
            .coins
            .iter()
            .all(|coin| coin.served.as_ref().unwrap().candles.len() == 8)
    );
    assert_eq!(stub.count("/time"), 1);
}

#[tokio::test]
async fn one_failing_symbol_is_named_and_the_others_come() {
    let stub = Stub::start(|request, _| match request.parameter("symbol") {
        Some("BADUSDT") => status(400, r#"{"code":-1121,"msg":"Invalid symbol."}"#),
        _ => exchange(request, 0..10, START + 8 * MINUTE),
    });
    let symbols = [symbol("BTCUSDT"), symbol("BADUSDT")];
    let fetched = client(&stub)
        .fetch_closed(&symbols, Interval::ONE_MINUTE, START, i64::MAX)
        .await
        .unwrap();
    let [good, bad] = fetched.coins.try_into().unwrap();
    assert_eq!(good.served.unwrap().candles.len(), 8);
    let text = told(&bad.served.unwrap_err());
    assert!(
        text.contains("for BADUSDT: status 400: {\"code\":-1121,\"msg\":\"Invalid symbol.\"}\nhint: check the symbol"),
        "{text}"
    );
    let requests = stub.requests();
    let bad = requests
        .iter()
        .filter(|request| request.parameter("symbol") == Some("BADUSDT"));
    assert_eq!(bad.count(), 1, "a refusal was repeated");
}

#[tokio::test]
async fn a_429_is_waited_out() {
    let stub = troubled(|try_index| match try_index {
        0 => status(429, "{}").header("Retry-After", 1),
        _ => ok(two_klines()),
    });
    let begun = Instant::now();
    let served = client(&stub)
        .closed_klines(
            &symbol("BTCUSDT"),
            Interval::ONE_MINUTE,
            START,
            START + 2 * MINUTE,
        )
        .await
        .unwrap();
    assert_eq!(served.candles.len(), 2);
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_429_that_stays_is_an_error_after_so_many_tries() {
    let stub = troubled(|_| status(429, "{}").header("Retry-After", 0));
    let text = trouble(&stub).await;
    assert!(
        text.starts_with(
            "status 429, too many requests; the server asks for 0 s of silence, 3 tries\nhint: "
        ),
        "{text}"
    );
    assert_eq!(stub.count("/klines"), 3);
}

#[tokio::test]
async fn too_long_a_silence_is_kept_but_not_waited_for() {
    let stub = troubled(|_| status(429, "{}").header("Retry-After", 3600));
    let client = client(&stub);
    let first = fetch(&client).await.unwrap_err();
    assert!(
        matches!(
            first,
            Error::RateLimited {
                retry_after_secs: 3600,
                tries: 1,
                ..
            }
        ),
        "{first}"
    );
    let second = fetch(&client.clone()).await.unwrap_err();
    assert!(matches!(second, Error::Silenced { .. }), "{second}");
    assert_eq!(
        stub.requests().len(),
        2,
        "something was sent into the silence"
    );
}

#[tokio::test]
async fn a_ban_names_its_end_and_is_not_provoked() {
    let body = r#"{"code":-1003,"msg":"Way too much request weight used; IP(1.2.3.4) banned until 1704070800000. Please use WebSocket"}"#;
    let stub = troubled(move |_| status(418, body).header("Retry-After", 60));
    let text = trouble(&stub).await;
    assert!(
        text.starts_with("status 418, this address is banned until 2024-01-01T01:00:00Z\nhint: "),
        "{text}"
    );
    assert_eq!(stub.count("/klines"), 1);
}

#[tokio::test]
async fn a_short_ban_is_waited_out() {
    let stub = troubled(|try_index| match try_index {
        0 => status(418, "{}").header("Retry-After", 1),
        _ => ok(two_klines()),
    });
    let begun = Instant::now();
    let client = client(&stub);
    let until_ms = START + 2 * MINUTE;
    let served = client
        .closed_klines(&symbol("BTCUSDT"), Interval::ONE_MINUTE, START, until_ms)
        .await
        .unwrap();
    assert_eq!(served.candles.len(), 2);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(client.silence(), None);
    // Without `Retry-After` nobody knows how long, and every further try makes it longer.
    let stub = troubled(|_| status(418, "{}"));
    let text = trouble(&stub).await;
    assert!(
        text.starts_with(
            "status 418, this address is banned until a time the server does not tell"
        ),
        "{text}"
    );
    assert_eq!(stub.count("/klines"), 1);
}

#[tokio::test]
async fn the_first_candle_is_found() {
    let stub = Stub::start(|request, _| exchange(request, 5..10, START + 8 * MINUTE));
    let client = client(&stub);
    let first = async |from| {
        let now_ms = START + 8 * MINUTE;
        client
            .first_open_ms(&symbol("BTCUSDT"), Interval::ONE_MINUTE, from, now_ms)
            .await
            .unwrap()
    };
    assert_eq!(first(0).await, Some(START + 5 * MINUTE));
    assert_eq!(
        first(START + 5 * MINUTE + 1).await,
        Some(START + 6 * MINUTE)
    );
    assert_eq!(first(START + 60 * MINUTE).await, None);
    assert!(
        stub.requests()
            .iter()
            .all(|request| request.number("limit") == 1)
    );
}

#[tokio::test]
async fn refusals_say_what_they_are() {
    for (code, expected) in [
        (
            403,
            "status 403, refused by the exchange's firewall: no further text\nhint: ",
        ),
        (
            451,
            "status 451, the exchange does not serve the country this address is in: no further text\nhint: ",
        ),
        (404, "status 404: no further text\nhint: "),
        (302, "status 302: no further text\nhint: "),
    ] {
        let stub = troubled(move |_| status(code, ""));
        let text = trouble(&stub).await;
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(stub.count("/klines"), 1, "{code} was repeated");
    }
}

/// Twenty coins are asked for after each other: a firewall that refuses one is not asked for the
/// others.
#[tokio::test]
async fn after_a_refusal_nothing_is_asked_for_a_while() {
    for code in [403, 451] {
        let stub = troubled(move |_| status(code, ""));
        let client = client(&stub);
        let ask = async || {
            let answer = client
                .first_open_ms(&symbol("BTCUSDT"), Interval::ONE_MINUTE, START, START)
                .await;
            answer.unwrap_err().to_string()
        };
        assert!(ask().await.contains(&format!("status {code}")));
        let second = ask().await;
        assert!(
            second.contains("not sent, as an earlier answer calls for"),
            "{second}"
        );
        assert_eq!(stub.count("/klines"), 1);
    }
}

#[tokio::test]
async fn a_failing_server_is_tried_again() {
    let stub = troubled(|_| status(500, "<html>\noops"));
    let text = trouble(&stub).await;
    assert!(
        text.starts_with("status 500 from the server, 3 tries: <html> oops\nhint: "),
        "{text}"
    );
    assert_eq!(stub.count("/klines"), 3);

    let stub = troubled(|try_index| match try_index {
        0 | 1 => status(503, ""),
        2 => ok(two_klines()),
        _ => ok("[]"),
    });
    assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn cut_bodies_are_tried_again_and_then_named() {
    let cut = || Reply {
        cut_bytes: 100,
        ..ok(two_klines())
    };
    let stub = troubled(move |_| cut());
    let text = trouble(&stub).await;
    assert!(
        text.starts_with("the answer was cut off, 3 tries: "),
        "{text}"
    );
    let stub = troubled(move |try_index| match try_index {
        0 => cut(),
        // Complete for HTTP, cut for JSON.
        1 => ok(&two_klines()[..50]),
        2 => ok(two_klines()),
        _ => ok("[]"),
    });
    assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 2);
    let stub = troubled(|_| ok("[[170406"));
    let text = trouble(&stub).await;
    assert!(
        text.contains("cut off, 3 tries: EOF while parsing"),
        "{text}"
    );
}

#[tokio::test]
async fn answers_of_the_wrong_kind_are_named() {
    let with = |position: usize, value: Value| {
        let mut row = kline(1);
        row[position] = value;
        json!([kline(0), row]).to_string()
    };
    let cases = [
        (
            "{\"code\":0}".to_owned(),
            "the answer: expected an array of klines, found {\"code\":0}",
        ),
        (
            "null".to_owned(),
            "the answer: expected an array of klines, found null",
        ),
        (
            with(4, json!("5,5")),
            "kline 1, element 4 (close): expected a number, found \"5,5\"",
        ),
        (
            with(0, json!("x")),
            "kline 1, element 0 (open time): expected an integer, found \"x\"",
        ),
        (
            with(8, json!(null)),
            "kline 1, element 8 (number of trades): expected an integer, found null",
        ),
        (
            json!([kline(0), [1, 2]]).to_string(),
            "kline 1: expected an array of 11 elements or more, found [1,2]",
        ),
        (
            json!([kline(-1)]).to_string(),
            "kline 0, element 0 (open time): expected 1704067200000 or later, the startTime asked for, found 1704067140000",
        ),
        (
            format!("[\"{}\"", "x".repeat(9 << 20)),
            "the answer is larger than 8388608 bytes",
        ),
    ];
    for (body, expected) in cases {
        let stub = troubled(move |_| ok(body.clone()));
        let text = trouble(&stub).await;
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(stub.count("/klines"), 1);
    }
    let stub = Stub::start(|_, _| ok("{\"serverTime\":\"now\"}"));
    let error = client(&stub).server_time_ms().await.unwrap_err();
    assert!(
        error.to_string().contains(
            "/api/v3/time: the answer: expected {\"serverTime\": milliseconds} from July 2017 to 2100, found {\"serverTime\":\"now\"}"
        ),
        "{error}"
    );
}

/// A captive portal or a proxy answers for the exchange: it goes away, or is named.
#[tokio::test]
async fn what_is_no_json_is_asked_for_again() {
    for (body, found) in [
        ("<!DOCTYPE html><html>".to_owned(), "<!DOCTYPE html><html>"),
        ("\u{0}\u{1}".to_owned(), "  "),
        (
            format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
            "[[[[",
        ),
    ] {
        let again = body.clone();
        let stub = troubled(move |_| ok(body.clone()));
        let text = trouble(&stub).await;
        assert!(
            text.starts_with(&format!("expected JSON, found \"{found}")),
            "{text}"
        );
        assert!(text.contains(", 3 tries\nhint: "), "{text}");
        assert_eq!(stub.count("/klines"), 3);
        let stub = troubled(move |try_index| {
            if try_index == 0 {
                ok(again.clone())
            } else {
                ok(two_klines())
            }
        });
        assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 2);
    }
}

/// One impossible candle of one coin is missing, and told as data.
#[tokio::test]
async fn an_impossible_candle_is_missing_and_named() {
    let bad = |index: i64, position: usize, value: Value| {
        let mut row = kline(index);
        row[position] = value;
        row
    };
    for (row, expected) in [
        (
            bad(1, 4, json!("0")),
            "candle at 2024-01-01T00:01:00Z (1704067260000): close is 0, expected a finite price above 0",
        ),
        (
            bad(1, 2, json!("1.0")),
            "high is 1, expected at least open (10)",
        ),
        (
            bad(1, 0, json!(START + MINUTE + 15_000)),
            "expected a multiple of 60000 ms (1m)",
        ),
        (
            bad(1, 0, json!((START + MINUTE) * 1000)),
            "expected at most the exchange's 2024-01-01T00:10:00Z",
        ),
    ] {
        let rows = json!([kline(0), row, kline(2), kline(10)]).to_string();
        let stub = troubled(move |_| ok(rows.clone()));
        let served = serve(&client(&stub)).await.unwrap();
        let times: Vec<i64> = served
            .candles
            .iter()
            .map(|candle| (candle.open_time_ms - START) / MINUTE)
            .collect();
        assert_eq!(times, [0, 2]);
        let [fault] = &served.refused[..] else {
            panic!("{served:?}")
        };
        assert!(fault.to_string().contains(expected), "{fault}");
    }
}

/// Times in microseconds: nothing that is served can be, and whoever asks is told so.
#[tokio::test]
async fn where_no_candle_can_be_they_are_named() {
    let rows: Vec<Value> = (0..3)
        .map(|index| {
            let mut row = kline(index);
            row[0] = json!((START + index * MINUTE) * 1000);
            row
        })
        .collect();
    let rows = json!(rows).to_string();
    let stub = troubled(move |_| ok(rows.clone()));
    let served = serve(&client(&stub)).await.unwrap();
    assert_eq!((served.candles.len(), served.last_open_ms), (0, None));
    assert_eq!(served.refused.len(), 3);
    assert!(
        served.refused[0]
            .to_string()
            .ends_with("expected at most the exchange's 2024-01-01T00:10:00Z"),
        "{}",
        served.refused[0]
    );
}

/// By the clock it is closed, but what is served is not the last word until a later one is there.
#[tokio::test]
async fn a_candle_that_could_still_change_is_left_out() {
    for (rows, expected) in [
        (json!([kline(8), kline(9)]), 1),
        (json!([kline(8), kline(9), kline(10)]), 2),
    ] {
        let rows = rows.to_string();
        let stub = troubled(move |before| {
            if before == 0 {
                ok(rows.clone())
            } else {
                ok("[]")
            }
        });
        assert_eq!(fetch(&client(&stub)).await.unwrap().len(), expected);
    }
    // An hour on nothing changes any more: the last candle of a coin that has left the market.
    let stub = Stub::start(|request, _| exchange(request, 0..5, START + 64 * MINUTE));
    assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 4);
    let stub = Stub::start(|request, _| exchange(request, 0..5, START + 65 * MINUTE));
    assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 5);
}

/// The exchange compresses, whether it was asked to or not.
#[tokio::test]
async fn compressed_answers_are_read() {
    let stub = troubled(|_| {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut zip, two_klines().as_bytes()).unwrap();
        Reply {
            bytes: Some(zip.finish().unwrap()),
            ..ok("").header("Content-Encoding", "gzip")
        }
    });
    assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 2);
    assert_eq!(
        stub.requests()[1].header("accept-encoding"),
        Some("gzip, deflate")
    );
}

/// A ban is written in the header, in the body, or nowhere; nobody in this process asks into it.
#[tokio::test]
async fn a_ban_is_silence_for_everyone_until_its_end() {
    let now_ms = START + 10 * MINUTE;
    let until = |ms: i64| {
        format!("{{\"code\":-1003,\"msg\":\"Way too much; IP banned until {ms}. Use WebSocket\"}}")
    };
    for (retry_after, body, end, least_secs) in [
        (
            None,
            until(now_ms + 20 * MINUTE),
            "2024-01-01T00:30:0",
            1190,
        ),
        (Some("1200"), "{}".to_owned(), "2024-01-01T00:30:0", 1190),
        (
            Some("-3"),
            until(now_ms + 20 * MINUTE),
            "2024-01-01T00:30:0",
            1190,
        ),
        (
            Some("99999999999999999999999"),
            "{}".to_owned(),
            "2024-01-04T00:10:0",
            200_000,
        ),
        (
            Some("soon"),
            until(-1),
            "a time the server does not tell",
            110,
        ),
        (None, String::new(), "a time the server does not tell", 110),
    ] {
        let stub = troubled(move |_| {
            let reply = status(418, body.clone());
            match retry_after {
                Some(value) => reply.header("Retry-After", value),
                None => reply,
            }
        });
        let text = trouble(&stub).await;
        assert!(
            text.starts_with(&format!("status 418, this address is banned until {end}")),
            "{text}"
        );
        // Another client of this process, not a clone.
        let other = client(&stub);
        assert!(
            other.silence().unwrap().as_secs() >= least_secs,
            "{:?}",
            other.silence()
        );
        let error = other.server_time_ms().await.unwrap_err();
        assert!(matches!(error, Error::Silenced { .. }), "{error}");
        assert_eq!(stub.requests().len(), 2, "something was sent into the ban");
    }
}

/// No user and no password of an address is in what people read.
#[tokio::test]
async fn credentials_are_sent_but_never_shown() {
    let stub = Stub::start(|_, _| status(404, "no"));
    let url = stub.url.replace("http://", "http://user:s3cretpw@");
    let client = RestClient::with_options(Market::Spot, Some(&url), options()).unwrap();
    let error = client.server_time_ms().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("GET {}/api/v3/time: ", stub.url)),
        "{error}"
    );
    assert!(!format!("{error:?} {client:?}").contains("s3cretpw"));
    // `printf user:s3cretpw | base64`
    assert_eq!(
        stub.requests()[0].header("authorization"),
        Some("Basic dXNlcjpzM2NyZXRwdw==")
    );
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let stub = Stub::start(|_, _| Reply {
        delay: Duration::from_secs(20),
        ..ok("[]")
    });
    let hasty = RestOptions {
        timeout: Duration::from_millis(200),
        max_tries: 2,
        ..options()
    };
    let client = RestClient::with_options(Market::Spot, Some(&stub.url), hasty).unwrap();
    let text = told(&client.server_time_ms().await.unwrap_err());
    assert!(
        text.contains("/api/v3/time: no complete answer within 0.2 s, 2 tries\nhint: "),
        "{text}"
    );
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let client = RestClient::with_options(Market::Spot, Some(&url), options()).unwrap();
    let text = told(&client.server_time_ms().await.unwrap_err());
    assert!(text.contains("no answer after 3 tries: "), "{text}");
    assert!(text.lines().last().unwrap().starts_with("hint: "), "{text}");
}

#[tokio::test]
async fn near_the_weight_limit_the_next_minute_is_awaited() {
    let at = |weight: u32, date: &'static str| {
        Stub::start(move |request, _| {
            exchange(request, 0..10, START + 8 * MINUTE)
                .header("X-MBX-USED-WEIGHT-1M", weight)
                .header("Date", date)
        })
    };
    // The server's clock stands at second 59, so its next minute is a second away.
    let stub = at(5401, "Mon, 01 Jan 2024 00:07:59 GMT");
    let begun = Instant::now();
    assert_eq!(fetch(&client(&stub)).await.unwrap().len(), 8);
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "5401 of 6000 was not heeded"
    );
    // A minute away: longer than `max_wait`, so that a wait would be an error.
    let stub = at(5400, "Mon, 01 Jan 2024 00:07:00 GMT");
    assert_eq!(
        fetch(&client(&stub)).await.unwrap().len(),
        8,
        "5400 of 6000 is not above 90 %"
    );
}

#[test]
fn base_urls_are_checked() {
    for market in [Market::Spot, Market::Futures] {
        RestClient::new(market, None).unwrap();
    }
    for bad in [
        "",
        "data-api.binance.vision",
        "ftp://x.y",
        "http://",
        "http://x/?a=b",
        "http://x/#a",
    ] {
        let error = told(&RestClient::new(Market::Spot, Some(bad)).unwrap_err());
        // What follows the path may be secret.
        let shown = bad
            .split_once(['?', '#'])
            .map_or(bad.to_owned(), |(path, _)| format!("{path}?***"));
        assert!(
            error.starts_with(&format!("{shown:?} is not a base URL: ")),
            "{error}"
        );
        assert!(
            error.lines().last().unwrap().starts_with("hint: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path_and_a_slash() {
    let stub = Stub::start(|request, _| exchange(request, 0..3, START + 3 * MINUTE));
    let url = format!("{}/mirror/", stub.url);
    let client = RestClient::with_options(Market::Spot, Some(&url), options()).unwrap();
    client.server_time_ms().await.unwrap();
    assert_eq!(stub.requests()[0].path, "/mirror/api/v3/time");
}

/// The exchange's real answers, from `../shared/data`, where that is at hand.
#[tokio::test]
async fn real_answers_are_read_and_paged() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fixtures/rest-klines");
    for name in ["BTCUSDT-15m-2025-01-06", "ETHUSDT-15m-2025-06-02"] {
        let path = folder.join(format!("{name}.json"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: {} is not there", path.display());
            return;
        };
        let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
        let last_open = rows.last().unwrap()[0].as_i64().unwrap();
        let first_open = rows[0][0].as_i64().unwrap();
        let (first_close, served) = (rows[0][4].clone(), rows.len());
        // The last candle is still forming: a millisecond is missing.
        let clock = last_open + 15 * MINUTE - 1;
        let stub = Stub::start(move |request, _| {
            if request.path.ends_with("/time") {
                return ok(json!({"serverTime": clock}).to_string());
            }
            let from = request.number("startTime");
            let page: Vec<Value> = rows
                .iter()
                .filter(|row| row[0].as_i64().unwrap() >= from)
                .take(100)
                .cloned()
                .collect();
            ok(Value::from(page).to_string())
        });
        let interval: Interval = "15m".parse().unwrap();
        let coin = symbol(&name[..7]);
        let candles = client(&stub)
            .closed_klines(&coin, interval, first_open, i64::MAX)
            .await
            .unwrap();
        assert_eq!(candles.candles.len(), served - 1);
        assert_eq!(
            candles.candles[0].close,
            first_close.as_str().unwrap().parse::<f64>().unwrap()
        );
        assert_eq!(stub.count("/klines"), served.div_ceil(100));
    }
}

//! Which candles a client takes: closed ones, in order, page by page.

use super::*;

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

/// Pairs of another currency, and pairs and contracts that are not traded or end one day, are none.
#[tokio::test]
async fn traded_pairs_are_those_of_the_currency() {
    let stub = Stub::start(|request, _| {
        assert!(request.path.ends_with("/exchangeInfo"), "{}", request.path);
        let of = |symbol: &str, quote: &str, status: &str, contract: Option<&str>| {
            let mut entry = json!({"symbol": symbol, "quoteAsset": quote, "status": status});
            if let Some(contract) = contract {
                entry["contractType"] = contract.into();
            }
            entry
        };
        ok(json!({"symbols": [
            of("ETHUSDT", "USDT", "TRADING", None),
            of("BTCUSDT", "USDT", "TRADING", Some("PERPETUAL")),
            of("ETHBTC", "BTC", "TRADING", None),
            of("LUNAUSDT", "USDT", "BREAK", None),
            of("BTCUSDT_231229", "USDT", "TRADING", Some("CURRENT_QUARTER")),
            of("no name", "USDT", "TRADING", None),
        ]})
        .to_string())
    });
    let pairs = client(&stub).traded_pairs("USDT").await.unwrap();
    assert_eq!(pairs, [symbol("BTCUSDT"), symbol("ETHUSDT")]);
}

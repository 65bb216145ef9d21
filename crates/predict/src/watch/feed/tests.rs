use market::Served;

use super::requests::ASIDE;
use super::*;

const STEP: i64 = 60_000;

/// A feed of one coin, whose exchange is at `address` or nowhere.
fn feed(address: Option<std::net::SocketAddr>) -> (Feed, Symbol) {
    let host = address.map_or("127.0.0.1:9".to_owned(), |address| address.to_string());
    let client = RestClient::new(Market::Spot, Some(&format!("http://{host}"))).unwrap();
    let source = FeedSource {
        market: Market::Spot,
        interval: Interval::ONE_MINUTE,
        websocket_url: Some(format!("ws://{host}")),
        uses_websocket: address.is_some(),
        hole_after_bars: 2,
    };
    let symbol = Symbol::new("BTCUSDT").unwrap();
    (
        Feed::new(source, client, std::slice::from_ref(&symbol), 0, 100),
        symbol,
    )
}

fn served(bars: &[i64]) -> Served {
    let candles = bars
        .iter()
        .map(|bar| Candle::close_only(bar * STEP, 1.0))
        .collect();
    Served {
        candles,
        refused: Vec::new(),
        last_open_ms: bars.last().map(|bar| bar * STEP),
    }
}

#[test]
fn a_due_candle_is_waited_for_and_only_then_done_without() {
    let (mut feed, symbol) = feed(None);
    for bar in [0, 1, 5, 6] {
        feed.take(&symbol, Candle::close_only(bar * STEP, bar as f64 + 1.0));
    }
    let at = |feed: &Feed, bar: i64| {
        feed.candle_from(&symbol, bar * STEP)
            .map(|candle| candle.open_time_ms / STEP)
    };
    assert_eq!(
        (at(&feed, 1), at(&feed, 2), at(&feed, 5), at(&feed, 9)),
        (Some(1), None, Some(5), None)
    );
    assert_eq!(feed.waiting_for(2 * STEP), std::slice::from_ref(&symbol));
    assert_eq!(feed.bars_behind(&symbol, 3 * STEP), 2);
    feed.coins[0].advance(STEP, 4 * STEP);
    assert!(feed.waiting_for(6 * STEP).is_empty());
    assert_eq!(
        at(&feed, 2),
        None,
        "a hole for forecasts, but bar 2 may be late"
    );
    for bar in 7..63 {
        feed.take(&symbol, Candle::close_only(bar * STEP, 1.0));
    }
    assert_eq!((at(&feed, 2), at(&feed, 3)), (Some(5), None));
    feed.take(&symbol, Candle::close_only(3 * STEP, 4.0));
    assert_eq!(at(&feed, 3), Some(3), "it came late");
}

#[test]
fn candles_that_a_position_waits_for_outlive_a_long_outage() {
    let (mut feed, symbol) = feed(None);
    feed.keep_bars = 10;
    feed.take(&symbol, Candle::close_only(0, 1.0));
    feed.keep_from(|_| Some(0));
    for bar in 1..50 {
        feed.take(&symbol, Candle::close_only(bar * STEP, 1.0));
    }
    assert_eq!(
        feed.candle_from(&symbol, 15 * STEP)
            .map(|candle| candle.open_time_ms),
        Some(15 * STEP)
    );
    feed.keep_from(|_| None);
    feed.take(&symbol, Candle::close_only(50 * STEP, 1.0));
    assert_eq!(feed.coins[0].candles.len(), 10, "nothing waits any more");
}

/// After a long stop, candles of months are asked for of no coin but the one whose position waits
/// for one of them.
#[test]
fn only_a_coin_with_an_open_position_begins_early() {
    let (one, symbol) = feed(None);
    let symbols = [symbol.clone(), Symbol::new("ETHUSDT").unwrap()];
    let mut feed = Feed::new(one.source, one.client, &symbols, 100 * STEP, 10);
    feed.begin_from(|other| (*other == symbol).then_some(5 * STEP));
    assert_eq!(
        feed.coins
            .iter()
            .map(|coin| coin.known_until_ms)
            .collect::<Vec<_>>(),
        [5 * STEP, 100 * STEP]
    );
    for bar in 5..60 {
        feed.take(&symbol, Candle::close_only(bar * STEP, 1.0));
    }
    assert_eq!(
        feed.candle_from(&symbol, 5 * STEP)
            .map(|candle| candle.open_time_ms),
        Some(5 * STEP)
    );
}

#[test]
fn a_candle_of_the_far_future_makes_no_holes_and_is_not_taken() {
    let (mut feed, symbol) = feed(None);
    feed.latest_close_ms = 3 * STEP;
    let answer = RestReply {
        symbol: symbol.clone(),
        asked_ms: 2 * STEP,
        served: Ok(served(&[0, 1, 1_000_000_000])),
    };
    feed.take_answer(answer).unwrap();
    assert_eq!(feed.coins[0].known_until_ms, 2 * STEP);
    feed.take(&symbol, Candle::close_only(1_000_000_000 * STEP, 1.0));
    assert!(feed.is_ahead() && feed.take_arrived().len() == 2);
    // The clock is read again, and is where it was.
    let dropped = feed.settle_ahead(3 * STEP);
    assert_eq!(dropped[0].1.open_time_ms, 1_000_000_000 * STEP);
    assert!(!feed.is_ahead() && feed.take_arrived().is_empty());
}

/// While this machine sleeps its clock stands: candles that came since are taken once it is right
/// again.
#[test]
fn candles_that_came_before_the_clock_was_right_are_taken() {
    let (mut feed, symbol) = feed(None);
    feed.latest_close_ms = 3 * STEP;
    feed.take(&symbol, Candle::close_only(60 * STEP, 1.0));
    assert!(feed.is_ahead() && feed.take_arrived().is_empty());
    assert_eq!(feed.settle_ahead(61 * STEP), []);
    assert_eq!(feed.take_arrived().len(), 1);
}

/// A price of 0, or a time off the grid, in bar 1: nothing waits for another candle of that bar.
#[test]
fn a_candle_that_cannot_be_is_that_coins_hole() {
    for off_ms in [0, 15_000] {
        let (mut feed, symbol) = feed(None);
        let open_time_ms = STEP + off_ms;
        let fault = market::CandleError {
            open_time_ms,
            field: "close",
            value: "0".into(),
            expected: "more".into(),
        };
        let mut wrong = served(&[0]);
        wrong.refused.push(fault);
        wrong.last_open_ms = Some(open_time_ms);
        let answer = |served: &Served| RestReply {
            symbol: symbol.clone(),
            asked_ms: 2 * STEP,
            served: Ok(served.clone()),
        };
        feed.take_answer(answer(&wrong)).unwrap();
        assert_eq!(
            feed.waiting_for(STEP),
            std::slice::from_ref(&symbol),
            "it may still change"
        );
        wrong.candles.push(Candle::close_only(2 * STEP, 1.0));
        wrong.last_open_ms = Some(2 * STEP);
        assert!(feed.take_refused().is_empty(), "nor is it told yet");
        feed.take_answer(answer(&wrong)).unwrap();
        assert_eq!(
            feed.take_refused(),
            [(symbol.clone(), wrong.refused.clone())].into()
        );
        feed.take_answer(answer(&wrong)).unwrap();
        assert!(feed.take_refused().is_empty(), "it is told once");
        assert!(feed.waiting_for(STEP).is_empty());
        assert_eq!(feed.waiting_for(2 * STEP), std::slice::from_ref(&symbol));
    }
}

/// Times in microseconds: nothing that is served can be, which is told once a bar and not at every
/// request.
#[test]
fn a_coin_of_which_nothing_can_be_is_named_once_a_bar() {
    let (mut feed, symbol) = feed(None);
    let fault = market::CandleError {
        open_time_ms: 1000 * STEP,
        field: "open_time",
        value: "60000000".into(),
        expected: "less".into(),
    };
    let served = Served {
        refused: vec![fault.clone(); 3],
        ..Served::default()
    };
    let mut told = |asked_ms: i64| {
        let answer = RestReply {
            symbol: symbol.clone(),
            asked_ms,
            served: Ok(served.clone()),
        };
        feed.take_answer(answer).unwrap();
        feed.take_refused()
            .remove(&symbol)
            .map_or(0, |refused| refused.len())
    };
    let counts = [0, 500, STEP - 1, STEP, STEP + 500].map(&mut told);
    assert_eq!(counts, [3, 0, 0, 3, 0]);
}

#[test]
fn a_coin_is_gone_when_the_exchange_says_so_or_has_long_had_nothing_of_it() {
    let (one, symbol) = feed(None);
    let other = Symbol::new("ETHUSDT").unwrap();
    let mut feed = Feed::new(
        one.source,
        one.client,
        &[symbol.clone(), other.clone()],
        0,
        100,
    );
    let last = GONE_AFTER_BARS as i64 + 1;
    feed.take(&symbol, Candle::close_only(0, 1.0));
    let nothing = |bar: i64| RestReply {
        symbol: symbol.clone(),
        asked_ms: (bar + 1) * STEP,
        served: Ok(served(&[])),
    };
    feed.take_answer(nothing(1)).unwrap();
    assert!(!feed.is_gone(&symbol, STEP));
    let status = SideReply::Status {
        symbol: symbol.clone(),
        is_trading: Ok(false),
    };
    feed.take_aside(status).unwrap();
    assert!(feed.is_gone(&symbol, STEP));
    feed.coins[0].is_off_market = false;
    feed.take_answer(nothing(last)).unwrap();
    assert!(
        !feed.is_gone(&symbol, last * STEP),
        "no other coin has that candle: it may be the line"
    );
    feed.take(&other, Candle::close_only(last * STEP, 1.0));
    assert!(feed.is_gone(&symbol, last * STEP));
    feed.take(&symbol, Candle::close_only(STEP, 1.0));
    assert!(!feed.is_gone(&symbol, last * STEP));
}

#[tokio::test]
async fn a_host_that_does_not_answer_holds_nothing_up() {
    // Takes connections, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let (mut feed, symbol) = feed(Some(address));
    feed.ask(std::slice::from_ref(&symbol), 0);
    // An overdue candle, once for every minute that it is missing.
    feed.coins[0].known_until_ms = 5 * STEP;
    for _ in 0..2 * ASIDE {
        feed.ask_again(&symbol, STEP, 5 * STEP);
    }
    let listened = feed.listen(Duration::from_millis(1), i64::MAX);
    tokio::time::timeout(Duration::from_secs(5), listened)
        .await
        .unwrap()
        .unwrap();
    assert!(
        feed.connecting.is_some() && feed.asked.len() == 1,
        "both go on"
    );
    assert_eq!(
        feed.aside.len(),
        ASIDE,
        "beside the minute, and not without end"
    );
    feed.ask(std::slice::from_ref(&symbol), 1);
    assert_eq!(
        feed.asked.len(),
        1,
        "none is sent beside one that is under way"
    );
}

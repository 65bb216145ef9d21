//! An exchange that asks for silence gets it.

use super::*;

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

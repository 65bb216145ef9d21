//! Servers that fail, and answers that are not what they should be.

use super::*;

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

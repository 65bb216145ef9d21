//! Whatever is sent gets its reason, and the server goes on.

use std::io::{Read, Write};

use crate::support::{Market, answer};

const PROBLEM: &str = "application/problem+json";

fn refused(answer: &crate::support::Answer, status: u16, expected: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some(PROBLEM));
    let json = answer.json();
    assert_eq!(json["status"], status);
    let detail = json["detail"].as_str().unwrap();
    assert!(detail.contains(expected), "{detail}, expected {expected}");
    assert!(!detail.contains("/tmp"), "{detail}");
    let hint = json["hints"][0].as_str().unwrap_or_default();
    assert!(!hint.is_empty(), "no way out: {detail}");
}

#[test]
fn files_of_another_kind_are_refused_by_name() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let csv = |query: &str, text: &str| {
        server.post(&format!("/predict{query}"), "text/csv", text.as_bytes())
    };
    refused(
        &csv("", "a,b\n1,2\n"),
        422,
        "no column time; its columns are a, b",
    );
    refused(&csv("", ""), 422, "empty");
    let good = market.csv(0, 50);
    let other = good.replace("SIM1USDT", "SIM9USDT");
    refused(
        &csv("", &other),
        422,
        "the model does not know SIM9USDT, expected coins of SIM1USDT, SIM2USDT, SIM3USDT",
    );
    let hours = "open_time,close\n".to_owned()
        + &(0..20)
            .map(|hour| format!("{},100\n", 1_704_067_200_000_i64 + hour * 3_600_000))
            .collect::<String>();
    refused(&csv("?symbol=SIM1USDT", &hours), 422, "expected");
    refused(
        &csv("", &good.replace("open_time", "when")),
        422,
        "no column time",
    );
    refused(&csv("?times=5000", &good), 422, "expected 1 to 1000");
    refused(&csv("?timse=5", &good), 400, "timse");
    refused(&csv("?symbol=%2e%2e%2fx", &good), 422, "../x");
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn bodies_that_are_no_candles_are_refused_by_name() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    refused(
        &server.post("/predict", "text/plain", b"x"),
        415,
        "text/plain",
    );
    refused(
        &server.post("/predict", "application/zip", b"PK no zip"),
        422,
        "zip",
    );
    refused(
        &server.post(
            "/predict",
            "application/json",
            b"{\"at\": \"now\", \"candles\": []}",
        ),
        400,
        "one of them",
    );
    refused(
        &server.post("/predict", "application/json", b"[["),
        400,
        "the body is",
    );
    refused(
        &server.post("/predict", "application/json", b"{\"at\": \"soon\"}"),
        422,
        "--at",
    );
    refused(
        &server.post("/predict?times=2", "application/json", b"{}"),
        400,
        "none beside JSON",
    );
    refused(&server.get("/forecasts?format=xml"), 400, "xml");
    refused(&server.get("/no/such/page"), 404, "no such page");
    refused(&server.with("DELETE /predict", &[], b""), 405, "method");
    refused(&server.get("/runs/%ff/report"), 400, "UTF-8");
    refused(
        &server.with("POST /watch/pause", &[("Origin", "null")], b""),
        403,
        "another site's page",
    );
    refused(
        &server.with("GET /forecasts", &[("Host", "evil.example")], b""),
        421,
        "evil.example",
    );
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let mut stream = server.connect();
    let head = format!(
        "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: text/csv\r\nContent-Length: 1073741824\r\n\r\n",
        server.port
    );
    stream.write_all(head.as_bytes()).unwrap();
    refused(&answer(stream), 413, "larger than 32 MB");
    // Without a length it is refused once it is too long.
    let mut stream = server.connect();
    let head = head.replace("Content-Length: 1073741824", "Transfer-Encoding: chunked");
    stream.write_all(head.as_bytes()).unwrap();
    let piece = vec![b'1'; 1 << 20];
    for _ in 0..40 {
        let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    refused(&answer(stream), 413, "larger than 32 MB");
}

#[test]
fn event_streams_have_a_limit_and_others_are_answered_meanwhile() {
    let market = Market::new();
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[]);
    let head = format!(
        "GET /events HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
        server.port
    );
    let streams: Vec<_> = (0..256)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(head.as_bytes()).unwrap();
            let mut begin = [0; 15];
            stream.read_exact(&mut begin).unwrap();
            assert_eq!(&begin, b"HTTP/1.1 200 OK");
            stream
        })
        .collect();
    // A client that is refused and waits would take the place of others.
    for _ in 0..64 {
        let mut stream = server.connect();
        stream.write_all(head.as_bytes()).unwrap();
        let refusal = answer(stream);
        refused(&refusal, 503, "all 256 event streams are taken");
        assert_eq!(refusal.header("connection"), Some("close"));
    }
    assert_eq!(server.get("/forecasts").status, 200);
    drop(streams);
    let freed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        server
            .get("/metrics")
            .text()
            .contains("quarterhour_http_event_streams 0")
    });
    assert!(freed);
}

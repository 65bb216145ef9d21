//! `quarterhour health`: one line and an exit code.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::quarterhour;

/// A server that answers one request with this; its address.
fn answering(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        let request = String::from_utf8_lossy(&request[..length]);
        assert!(request.starts_with("GET /health HTTP/1.1\r\n"), "{request}");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    format!("http://{address}")
}

/// Exit code and stdout; a proxy of the environment has no part in what is on this machine.
fn asked(url: &str) -> (Option<i32>, String) {
    let mut command = quarterhour("health");
    command.arg(url).env("HTTP_PROXY", "http://proxy.invalid:1");
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn json(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn the_exit_code_says_fresh_stale_or_no_answer() {
    let health = |status: &str| {
        format!(
            r#"{{"status": "{status}", "last_closed_at": 1705719360000, "age_secs": 20.4, "fault": null, "day": {{}}}}"#
        )
    };
    let line = "the last bar with forecasts closed at 2024-01-20 02:56 UTC, 20 s ago\n";
    assert_eq!(
        asked(&answering(json(200, &health("fresh")))),
        (Some(0), format!("fresh: {line}"))
    );
    assert_eq!(
        asked(&answering(json(503, &health("stale")))),
        (Some(1), format!("stale: {line}"))
    );
    // Nothing listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (code, said) = asked(&format!("http://{gone}"));
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.starts_with(&format!("no answer from http://{gone}/health: ")),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    // Something else answers.
    for (answer, reason) in [
        (
            json(404, "{}"),
            "it answers 404 Not Found, expected the /health",
        ),
        (
            json(200, "<html>"),
            "expected the JSON of `quarterhour serve`",
        ),
    ] {
        let (code, said) = asked(&answering(answer));
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(reason) && said.lines().count() == 1, "{said}");
    }
    assert_eq!(asked("127.0.0.1:8700").0, Some(2));
}

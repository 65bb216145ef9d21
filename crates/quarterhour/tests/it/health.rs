//! `quarterhour health` against servers that answer well, badly and not at all.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use crate::QUARTERHOUR;

fn asked(url: &str) -> Output {
    let command = ["health", url, "--timeout", "2"];
    Command::new(QUARTERHOUR).args(command).output().unwrap()
}

/// The address of a server that gives one answer.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let count = stream.read(&mut request).unwrap();
        let request = String::from_utf8_lossy(&request[..count]);
        let expected = format!("GET /health HTTP/1.1\r\nHost: {address}\r\n");
        assert!(request.starts_with(&expected), "{request}");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    format!("http://{address}/health")
}

#[test]
fn the_exit_code_says_whether_all_is_well() {
    let well = asked(&server("HTTP/1.1 200 OK\r\n\r\n{\"status\": \"fresh\"}"));
    assert_eq!(well.status.code(), Some(0));
    assert!(
        String::from_utf8(well.stdout)
            .unwrap()
            .ends_with("/health answers 200 OK\n")
    );
    let stale = server("HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\": \"stale\"}");
    for (url, expected) in [
        (
            stale,
            "answers 503 Service Unavailable, expected 200: {\"status\": \"stale\"}",
        ),
        (
            server("SSH-2.0-OpenSSH"),
            "answers `SSH-2.0-OpenSSH`, expected HTTP",
        ),
        (
            "http://127.0.0.1:9".to_owned(),
            "http://127.0.0.1:9 does not answer",
        ),
    ] {
        let output = asked(&url);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    }
}

#[test]
fn an_address_of_another_kind_is_a_usage_error() {
    let output = asked("https://127.0.0.1/health");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("is no address that begins with http://"),
        "{stderr}"
    );
}

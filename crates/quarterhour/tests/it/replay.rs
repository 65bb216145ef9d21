//! `quarterhour replay`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

use dataset::{Store, parse_time};
use market::{Candle, Interval, Market, Symbol};
use serde_json::Value;
use tests::Transcript;

use crate::quarterhour;

/// Stores three hours of two coins.
fn fill(dir: &Path) {
    let store = Store::new(&dir.join("data"), Market::Spot, Interval::ONE_MINUTE);
    let start_ms = parse_time("2021-05-03").unwrap();
    let candle = |minute: i64| Candle {
        open: Some(100.0),
        high: Some(102.0),
        low: Some(99.0),
        volume: Some(10.0),
        quote_volume: Some(1000.0),
        count: Some(20.0),
        taker_buy_volume: Some(5.0),
        taker_buy_quote_volume: Some(500.0),
        ..Candle::close_only(start_ms + minute * 60_000, 101.0)
    };
    for name in ["AUSDT", "BUSDT"] {
        let candles = (0..180).map(candle).collect();
        let symbol = Symbol::new(name).unwrap();
        store.append(&symbol, &candles, false).unwrap();
    }
}

/// The JSON that `url` answers a request for `path` with.
fn get(url: &str, path: &str) -> Value {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn it_serves_a_store_until_the_time_given() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    fs::write(
        dir.path().join("r.toml"),
        "[universe]\nsymbols = []\n[replay]\nspeed = 3600\n[replay.faults.listed]\nBUSDT = \"2021-06-01\"\n",
    )
    .unwrap();
    let mut child = quarterhour("replay")
        .args([
            "--config",
            "r.toml",
            "--json",
            "--stop-at",
            "2021-05-03T03:30",
        ])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addresses: Value = serde_json::from_str(&line).unwrap();
    assert!(
        addresses["websocket"]
            .as_str()
            .unwrap()
            .starts_with("ws://127.0.0.1:")
    );
    let info = get(addresses["rest"].as_str().unwrap(), "/api/v3/exchangeInfo");
    assert_eq!(
        info["symbols"].as_array().unwrap().len(),
        1,
        "BUSDT is not listed yet"
    );
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{log}");
    // When exactly, an hour a second, is up to how busy the machine is.
    for said in [
        "1 requests, 0 faults so far",
        "the last candle has closed",
        "exchange_info",
    ] {
        assert!(log.contains(said), "{said}:\n{log}");
    }
    let (_, stopped_at) = log.split_once("stopped at ").unwrap();
    assert!(stopped_at >= "2021-05-03 03:30", "{log}");
}

#[test]
fn bad_configs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = Transcript::new(crate::QUARTERHOUR, dir.path()).of("replay");
    said.refused("no store", &[]);
    said.refused("an empty store", &["--set", "universe.symbols=[]"]);
    fill(dir.path());
    said.refused("an unknown key", &["--set", "replay.sped=1"]);
    said.refused("an unknown fault", &["--set", "replay.faults.flood=1"]);
    said.refused("a share above 1", &["--set", "replay.faults.cut=2"]);
    said.refused("no time", &["--stop-at", "never"]);
    said.refused(
        "a coin that is not served",
        &[
            "--set",
            "universe.symbols=[\"AUSDT\"]",
            "--set",
            "replay.faults.listed.XUSDT=\"2021-05-03\"",
        ],
    );
    insta::assert_snapshot!(said.text);
}

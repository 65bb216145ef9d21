//! The binary `replay` as a process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use dataset::Store;
use market::{Interval, Market};
use serde_json::Value;
use tests::Transcript;

use crate::client::get;
use crate::coins::{minutes, symbol};

fn fill(dir: &Path) {
    let store = Store::new(&dir.join("data"), Market::Spot, Interval::ONE_MINUTE);
    for name in ["AUSDT", "BUSDT"] {
        store
            .append(&symbol(name), &minutes("2021-05-03", 180), false)
            .unwrap();
    }
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
    let mut child = Command::new(env!("CARGO_BIN_EXE_replay"))
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
    let info = get(addresses["rest"].as_str().unwrap(), "/api/v3/exchangeInfo").json();
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
    let mut said = Transcript::new(env!("CARGO_BIN_EXE_replay"), dir.path());
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

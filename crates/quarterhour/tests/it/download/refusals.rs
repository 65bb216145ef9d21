//! What `quarterhour download` says of what it cannot fetch: coins, files, archives, configs.

use market::{Interval, Market};
use replay::Faults;

use super::support::{
    assert_same, coins, exchange, run, stub, symbol_list, without_addresses, zipped,
};

/// A misspelled coin is named; the others are fetched.
#[test]
fn an_unknown_coin_is_an_error_in_the_end() {
    let interval: Interval = "1h".parse().unwrap();
    let (dir, source) = (
        tempfile::tempdir().unwrap(),
        coins("2024-01-01", 40, interval),
    );
    let now = "2024-02-08T12:00";
    let exchange = exchange(
        Market::Spot,
        interval,
        source.clone(),
        now,
        Faults::default(),
    );
    let symbols = symbol_list(&source).replace('[', "[\"BTCUSD\",");
    let output = run(
        dir.path(),
        &exchange.url(),
        &["data.from=2024-01-01", "data.interval=1h", &symbols],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_same(dir.path(), Market::Spot, interval, &source, now);
    insta::assert_snapshot!("unknown", String::from_utf8(output.stderr).unwrap());
}

/// Files that are not what they should be are named, each with its fault.
#[test]
fn broken_files_stop_nothing_but_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let sum = |bytes: &[u8]| storage::content_hash(bytes).into_bytes();
    let url = stub(move |path| match path {
        "/api/v3/time" => (200, b"{\"serverTime\":1709251200000}".to_vec()),
        // It traded before that month.
        path if path.starts_with("/api/v3/klines") => {
            let open = if path.contains("startTime=1704067200000&limit=1&")
                || path.ends_with("startTime=1704067200000&limit=1")
            {
                r#"[[1704067200000,"1","1","1","1","1",1704070799999,"1",1,"1","1","0"]]"#
            } else {
                "[]"
            };
            (200, open.as_bytes().to_vec())
        }
        // Not the file that the checksum is of, no zip, and a zip of another month.
        path if path.ends_with("AUSDT-1h-2024-01.zip.CHECKSUM") => (200, sum(b"whole")),
        path if path.ends_with("AUSDT-1h-2024-01.zip") => (200, b"half".to_vec()),
        path if path.ends_with("BUSDT-1h-2024-01.zip.CHECKSUM") => (200, sum(b"no zip")),
        path if path.ends_with("BUSDT-1h-2024-01.zip") => (200, b"no zip".to_vec()),
        path if path.ends_with("DUSDT-1h-2024-01.zip.CHECKSUM") => (200, sum(&zipped(super::ROWS))),
        path if path.ends_with("DUSDT-1h-2024-01.zip") => (200, zipped(super::ROWS)),
        _ => (404, Vec::new()),
    });
    let settings = [
        "data.from=2024-01-01",
        "data.until=2024-02-01",
        "data.interval=1h",
        "universe.symbols=[\"AUSDT\",\"BUSDT\",\"DUSDT\"]",
    ];
    let output = run(dir.path(), &url, &settings);
    assert_eq!(output.status.code(), Some(1));
    let stderr = without_addresses(&String::from_utf8(output.stderr).unwrap(), &url);
    let mut lines: Vec<&str> = stderr.lines().collect();
    // The files come in any order.
    lines.sort_unstable();
    insta::assert_snapshot!("broken", lines.join("\n"));
}

/// Where the archive refuses, nothing can be had; each refusal says what to do.
#[test]
fn refusals_of_the_archive_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = String::new();
    for status in [403, 451] {
        let url = stub(
            move |path| match path.contains("/klines?") || path.ends_with("/time") {
                true => (451, b"restricted".to_vec()),
                false => (status, b"no".to_vec()),
            },
        );
        let settings = [
            "data.from=2024-01-01",
            "data.until=2024-02-01",
            "universe.symbols=[\"AUSDT\"]",
        ];
        let output = run(dir.path(), &url, &settings);
        assert_eq!(output.status.code(), Some(1));
        said.push_str(&without_addresses(
            &String::from_utf8(output.stderr).unwrap(),
            &url,
        ));
    }
    insta::assert_snapshot!("refused", said);
}

/// Configs that ask for nothing that could be fetched.
#[test]
fn configs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = tests::Transcript::new(crate::QUARTERHOUR, dir.path()).of("download");
    let from = "data.from=2024-01-01";
    said.refused("nothing at all", &[]);
    said.refused(
        "a simulated market",
        &["--set", from, "--set", "data.source=simulated"],
    );
    said.refused(
        "an empty universe",
        &["--set", from, "--set", "universe.symbols=[]"],
    );
    said.refused(
        "no range",
        &[
            "--set",
            "data.from=2024-02-01",
            "--set",
            "data.until=2024-01-01",
        ],
    );
    said.refused("no time", &["--set", "data.from=yesterday"]);
    said.refused(
        "no address",
        &["--set", from, "--archive-url", "data.binance.vision"],
    );
    insta::assert_snapshot!("configs", said.text);
}

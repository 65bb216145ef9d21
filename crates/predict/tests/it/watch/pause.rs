//! What a watch says of itself, the flag that pauses it, and its alerts.

use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Instant;

use trading::{BarOutcome, Ledger, Status};

use super::*;

fn status(market: &Market3) -> Status {
    let ledger = Ledger::read_only(&market.run.join("ledger.sqlite"));
    ledger.map_or_else(|_| Status::default(), |ledger| ledger.status().unwrap())
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{what} did not come"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn said(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_predict"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_pause_opens_nothing_and_the_ledger_is_right_all_the_same() {
    let market = Market3::new(Faults::default());
    let child = market.watch(60, &no_metrics());
    wait_for("the first status", || status(&market).watch.is_some());
    let pause = |what: &str| said(market.dir.path(), &["watch", what, "--run", "run"]);
    assert!(pause("pause").contains(": paused since "));
    wait_for("a paused bar", || status(&market).watch.unwrap().is_paused);
    wait_for("bars that pass", || {
        let ledger = Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
        ledger.paused_bars(0).unwrap().len() >= 3
    });
    assert!(pause("resume").contains(": not paused since "));
    let said = finished(child);
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}\n{said}");
    let ledger = Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
    let paused = ledger.paused_bars(0).unwrap();
    for position in ledger.all_positions().unwrap() {
        assert!(!paused.contains(&position.forecast_ms), "{position:?}");
    }
    let forecasts = ledger.forecasts(0).unwrap();
    assert!(
        paused
            .iter()
            .all(|bar| forecasts.iter().any(|logged| logged.time_ms == *bar))
    );
    // What the check found is there for a page, and the watch's last word too.
    let status = status(&market);
    assert!(status.verification.unwrap().is_good);
    let watch = status.watch.unwrap();
    assert!(
        !watch.is_paused && watch.outcome == BarOutcome::Forecast,
        "{watch:?}"
    );
    assert!(
        watch.connection.is_connected && watch.delay.bars >= 5,
        "{watch:?}"
    );
    assert_eq!((watch.coins.all, watch.coins.fresh), (3, 3));
    assert_eq!(watch.model.run, "run");
    assert!(watch.model.forecaster.starts_with("network"), "{watch:?}");
}

/// What is asked of a watch before it begins holds from its first bar on.
#[test]
fn a_watch_that_begins_paused_opens_nothing() {
    let market = Market3::new(Faults::default());
    drop(Ledger::open(&market.run.join("ledger.sqlite")).unwrap());
    said(market.dir.path(), &["watch", "pause", "--run", "run"]);
    let log = finished(market.watch(15, &no_metrics()));
    assert!(log.contains("paused: nothing is opened"), "{log}");
    let ledger = Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
    assert!(!ledger.forecasts(0).unwrap().is_empty(), "{log}");
    assert_eq!(ledger.all_positions().unwrap(), []);
    drop(ledger);
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}");
}

/// A position that was opened before a pause is closed in it, by its rule, also after a restart.
#[test]
fn a_pause_outlives_a_restart_and_closes_what_is_open() {
    let market = Market3::new(Faults::default());
    finished(market.watch(10, &no_metrics()));
    let path = market.run.join("ledger.sqlite");
    let open = Ledger::read_only(&path).unwrap().open_positions().unwrap();
    assert!(!open.is_empty());
    said(market.dir.path(), &["watch", "pause", "--run", "run"]);
    finished(market.watch(30, &no_metrics()));
    let ledger = Ledger::read_only(&path).unwrap();
    assert_eq!(ledger.open_positions().unwrap(), []);
    assert_eq!(ledger.all_positions().unwrap().len(), open.len());
    assert!(ledger.status().unwrap().pause.is_paused);
    drop(ledger);
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}");
}

/// The address of the webhook is a secret: it is in no line and no file of a watch.
#[test]
fn drift_is_posted_to_the_webhook_whose_address_is_said_nowhere() {
    const SECRET: &str = "sesame-T0KEN";
    let market = Market3::new(Faults::default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut text = String::new();
            let mut chunk = [0; 4096];
            while !text.contains('}') {
                let count = stream.read(&mut chunk).unwrap();
                text.push_str(&String::from_utf8_lossy(&chunk[..count]));
            }
            // Refused, so that a warning is logged.
            stream
                .write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            let _ = sender.send(text);
        }
    });
    let url = format!("alerts.url=http://127.0.0.1:{port}/{SECRET}");
    let more = ["--set", &url, "--set", "watch.drift_limit_std=0.000001"];
    let said = finished(market.watch(20, &[&no_metrics()[..], &more].concat()));
    let posted: Vec<String> = bodies.try_iter().collect();
    let is_drift = |text: &String| text.contains("\"kind\":\"drift\"") && text.contains("SIM");
    assert!(posted.iter().any(is_drift), "{posted:?}\n{said}");
    assert!(posted.len() <= 12, "{posted:?}");
    assert!(said.contains("an alert was not delivered"), "{said}");
    let alerts = status(&market).watch.unwrap().alerts.unwrap();
    assert!(alerts.dropped > 0, "{alerts:?}");
    let mut texts = vec![said];
    for entry in fs::read_dir(&market.run).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    assert!(texts.iter().all(|text| !text.contains(SECRET)));
}

//! What the watch says of itself, and the flag that pauses it.

use std::path::Path;

use market::Symbol;
use rules::{Costs, Side};
use trading::{
    FaultCounts, FreshCoins, Ledger, LoggedForecast, Minute, Pause, Price, Retention, Signal,
    Status, Verification, WatchStatus,
};

const MINUTE: i64 = 60_000;

fn minute(time_ms: i64, is_paused: bool) -> Minute {
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let forecast = LoggedForecast {
        time_ms,
        symbol: symbol.clone(),
        forecast: Some(0.5),
        refused: None,
        forecaster: "network".to_owned(),
        made_at_ms: time_ms + MINUTE + 250,
        is_complete: true,
        drift_std: None,
    };
    let signal = Signal {
        symbol,
        side: Side::Buy,
        forecast: 0.5,
        entry_ms: time_ms,
        due_ms: time_ms + MINUTE,
        costs: Costs::default(),
        overlapping: false,
    };
    Minute {
        time_ms,
        forecasts: vec![forecast],
        signals: vec![signal],
        order_steps: Vec::new(),
        is_paused,
    }
}

fn status(path: &Path) -> Status {
    Ledger::read_only(path).unwrap().status().unwrap()
}

#[test]
fn what_a_watch_says_is_there_for_readers_and_only_the_last_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(status(&path), Status::default());
    let mut watch = WatchStatus {
        bar: 7 * MINUTE,
        coins: FreshCoins {
            all: 2,
            fresh: 1,
            stale: vec!["ETHUSDT".to_owned()],
        },
        faults: FaultCounts {
            rest: 3,
            ..FaultCounts::default()
        },
        ..WatchStatus::default()
    };
    ledger.set_watch_status(&watch).unwrap();
    assert_eq!(status(&path).watch.as_ref(), Some(&watch));
    watch.bar = 8 * MINUTE;
    ledger.set_watch_status(&watch).unwrap();
    assert_eq!(status(&path).watch, Some(watch));
    let rows: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM status", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_paused_watch_opens_nothing_and_the_ledger_knows_in_which_bars() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    // Beside the writer, as another process does it.
    let paused = Ledger::set_paused(&path, true, 1000).unwrap();
    assert_eq!(
        paused,
        Pause {
            is_paused: true,
            since: Some(1000)
        }
    );
    assert_eq!(
        Ledger::set_paused(&path, true, 2000).unwrap(),
        paused,
        "paused already"
    );
    assert_eq!(ledger.status().unwrap().pause, paused);
    for (bar, is_paused, opened) in [(0, false, 1), (1, true, 0), (2, true, 0), (3, false, 1)] {
        let minute = minute(bar * MINUTE, is_paused);
        assert_eq!(ledger.record(&minute).unwrap().len(), opened, "bar {bar}");
    }
    // Written twice, as after a kill: it stays what it was first.
    assert_eq!(ledger.record(&minute(0, true)).unwrap().len(), 0);
    assert_eq!(ledger.paused_bars(0).unwrap(), [MINUTE, 2 * MINUTE]);
    assert_eq!(ledger.forecasts(0).unwrap().len(), 4, "forecasts go on");
    let resumed = Ledger::set_paused(&path, false, 3000).unwrap();
    assert_eq!((resumed.is_paused, resumed.since), (false, Some(3000)));
    // What an open position needs would stay.
    let price = |_: &Symbol, time_ms: i64| {
        Some(Price {
            time_ms,
            close: 1.0,
            is_last_known: false,
        })
    };
    assert_eq!(ledger.settle(price).unwrap().len(), 2);
    let retention = Retention {
        keep_ms: MINUTE,
        outcome_ms: 0,
        history_ms: 0,
    };
    ledger.prune(&retention).unwrap();
    assert_eq!(ledger.paused_bars(0).unwrap(), [2 * MINUTE]);
}

#[test]
fn delays_are_of_the_last_forecast_of_each_bar() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("ledger.sqlite")).unwrap();
    for bar in 0..3 {
        ledger.record(&minute(bar * MINUTE, false)).unwrap();
    }
    let made = |bar: i64| (bar * MINUTE, (bar + 1) * MINUTE + 250);
    assert_eq!(ledger.forecast_times(MINUTE).unwrap(), [made(1), made(2)]);
}

#[test]
fn a_verification_is_kept_beside_a_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let _writer = Ledger::open(&path).unwrap();
    let found = Verification {
        at: 5,
        is_good: false,
        bars: 10,
        forecasts: 30,
        wrong: 2,
    };
    Ledger::set_verification(&path, &found).unwrap();
    assert_eq!(status(&path).verification, Some(found));
}

/// A ledger of version 4 says nothing and is not paused, until it is opened for writing.
#[test]
fn an_older_ledger_is_read_and_gets_the_table_when_it_is_paused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    drop(Ledger::open(&path).unwrap());
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TABLE status; DROP TABLE paused_bars; PRAGMA user_version = 4;")
        .unwrap();
    assert_eq!(status(&path), Status::default());
    let reader = Ledger::read_only(&path).unwrap();
    assert_eq!(reader.paused_bars(0).unwrap(), Vec::<i64>::new());
    drop(reader);
    assert!(Ledger::set_paused(&path, true, 1).unwrap().is_paused);
    assert!(status(&path).pause.is_paused);
}

#[test]
fn no_ledger_is_made_to_pause_a_watch() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let error = Ledger::set_paused(&path, true, 1).unwrap_err();
    assert!(error.to_string().contains("there is no such ledger"));
    assert!(!path.exists());
}

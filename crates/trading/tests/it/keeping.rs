//! A ledger over months: pruned, copied and brought up to date, beside a watch that writes.

use std::path::Path;

use market::{Candle, Symbol};
use rules::{Costs, Side};
use trading::{Error, Ledger, LoggedForecast, Minute, Pause, Price, Pruned, Retention, Signal};

const MINUTE: i64 = 60_000;

fn coin(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

/// Forecasts of so many bars back from the last one, each with a history of so many bars.
fn kept(bars: i64, history: i64) -> Retention {
    Retention {
        keep_ms: bars * MINUTE,
        outcome_ms: 0,
        history_ms: history * MINUTE,
    }
}

fn minute(bar: i64) -> Minute {
    let time_ms = bar * MINUTE;
    let of_coin = |name: &str| LoggedForecast {
        time_ms,
        symbol: coin(name),
        forecast: Some(0.5),
        refused: None,
        forecaster: format!("network at {bar}"),
        made_at_ms: time_ms + MINUTE,
        is_complete: true,
        drift_std: None,
    };
    Minute {
        time_ms,
        forecasts: ["BTCUSDT", "ETHUSDT"].map(of_coin).to_vec(),
        signals: vec![Signal {
            symbol: coin("BTCUSDT"),
            side: Side::Buy,
            forecast: 0.5,
            entry_ms: time_ms,
            due_ms: time_ms + 15 * MINUTE,
            costs: Costs::default(),
            overlapping: false,
        }],
        order_steps: Vec::new(),
        is_paused: false,
    }
}

/// A ledger of so many bars; positions are settled up to `settled`.
fn ledger(path: &Path, bars: i64, settled: i64) -> Ledger {
    let mut ledger = Ledger::open(path).unwrap();
    for bar in 0..bars {
        let candle = Candle::close_only(bar * MINUTE, 1.0 + bar as f64);
        let coins = ["BTCUSDT", "ETHUSDT"].map(coin);
        let candles = coins.iter().map(|coin| (coin, &candle));
        ledger.add_candles(candles).unwrap();
        ledger.record(&minute(bar)).unwrap();
    }
    let price = |_: &Symbol, time_ms: i64| {
        (time_ms <= settled * MINUTE).then_some(Price {
            time_ms,
            close: 2.0,
            is_last_known: false,
        })
    };
    ledger.settle(price).unwrap();
    ledger
}

#[test]
fn what_is_old_is_taken_out_beside_a_writer_and_positions_stay() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let mut watch = ledger(&path, 100, 100);
    let positions = watch.all_positions().unwrap();
    assert_eq!(positions.len(), 7, "one in 15 minutes");
    let mut beside = Ledger::beside_writer(&path).unwrap();
    let pruned = beside.prune(&kept(49, 10)).unwrap();
    assert_eq!(
        pruned,
        Pruned {
            forecasts: 100,
            candles: 80
        }
    );
    assert_eq!(beside.prune(&kept(49, 10)).unwrap(), Pruned::default());
    // The watch goes on, and does not write again what was taken out.
    watch.record(&minute(100)).unwrap();
    assert_eq!(watch.forecasts(0).unwrap().len(), 102);
    assert_eq!(watch.forecasts(0).unwrap()[0].time_ms, 50 * MINUTE);
    let candles = watch.candles(&coin("ETHUSDT"), 0, 1000 * MINUTE).unwrap();
    assert_eq!((candles.len(), candles[0].open_time_ms), (60, 40 * MINUTE));
    let kept = watch.all_positions().unwrap();
    assert_eq!(kept[..7], positions);
    assert_eq!(kept[0].forecaster.as_deref(), Some("network at 0"));
    beside.vacuum().unwrap();
}

#[test]
fn what_an_open_position_needs_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    // The position of bar 30 is due at bar 45, whose price is not known.
    let mut ledger = ledger(&path, 60, 44);
    ledger.prune(&kept(15, 5)).unwrap();
    assert_eq!(ledger.forecasts(0).unwrap()[0].time_ms, 30 * MINUTE);
    let candles = ledger.candles(&coin("BTCUSDT"), 0, 1000 * MINUTE).unwrap();
    assert_eq!(candles[0].open_time_ms, 25 * MINUTE);
}

/// A position of a coin that has left the universe stays open for good: it once kept the whole ledger.
#[test]
fn a_position_that_is_never_settled_keeps_the_candles_of_its_coin_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    // None is ever settled; the oldest one is of bar 0.
    let mut ledger = ledger(&path, 100, -1);
    ledger.prune(&kept(20, 5)).unwrap();
    // The position of bar 75 is due at 90, after bar 79: it is waited for.
    assert_eq!(ledger.forecasts(0).unwrap()[0].time_ms, 75 * MINUTE);
    let first = |name: &str| ledger.candles(&coin(name), 0, 1000 * MINUTE).unwrap()[0].open_time_ms;
    assert_eq!(
        (first("BTCUSDT"), first("ETHUSDT")),
        (0, 70 * MINUTE),
        "candles since the oldest open position, and those of a history"
    );
}

/// A forecast of 30 bars ahead was once taken out before anybody could know whether it was right.
#[test]
fn no_forecast_goes_before_its_outcome_is_known_and_the_status_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let mut ledger = ledger(&path, 100, 100);
    Ledger::set_paused(&path, true, 7).unwrap();
    let before = ledger.status().unwrap();
    let retention = Retention {
        outcome_ms: 30 * MINUTE,
        ..kept(10, 5)
    };
    ledger.prune(&retention).unwrap();
    assert_eq!(ledger.forecasts(0).unwrap()[0].time_ms, 69 * MINUTE);
    assert_eq!(ledger.outcomes(30 * MINUTE, 1000).unwrap().len(), 2);
    assert_eq!(ledger.status().unwrap(), before);
    assert_eq!(
        before.pause,
        Pause {
            is_paused: true,
            since: Some(7)
        }
    );
}

/// Nothing is counted back from a bar that was not forecast: an outage of weeks takes nothing out.
#[test]
fn without_a_new_forecast_nothing_more_is_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let mut ledger = ledger(&path, 40, 40);
    ledger.prune(&kept(20, 5)).unwrap();
    for bar in 1000..1010 {
        let candle = Candle::close_only(bar * MINUTE, 1.0);
        ledger.add_candles([(&coin("BTCUSDT"), &candle)]).unwrap();
        ledger.prune(&kept(20, 5)).unwrap();
    }
    assert_eq!(ledger.forecasts(0).unwrap()[0].time_ms, 19 * MINUTE);
}

/// A check between two bars must not find a pause forgotten, a bar cut in two, or a forecast whose candles
/// went first.
#[test]
fn what_is_left_after_each_bar_is_whole() {
    const BARS: i64 = 30_000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    drop(Ledger::open(&path).unwrap());
    let made = rusqlite::Connection::open(&path).unwrap();
    made.execute_batch(&format!(
        "BEGIN;
         CREATE TABLE bars AS WITH RECURSIVE bars(bar) AS
             (SELECT 0 UNION ALL SELECT bar + 1 FROM bars WHERE bar < {BARS} - 1) SELECT bar FROM bars;
         INSERT INTO candles (symbol, time, close)
             SELECT 'BTCUSDT', bar * {MINUTE}, 1.0 FROM bars;
         INSERT INTO forecasts (time, symbol, forecaster, made_at_ms, is_complete)
             SELECT bar * {MINUTE}, coin, 'network', 0, 1 FROM bars,
                 (SELECT 'AUSDT' AS coin UNION SELECT 'BUSDT' UNION SELECT 'CUSDT');
         INSERT INTO paused_bars SELECT bar * {MINUTE} FROM bars;
         DROP TABLE bars;
         COMMIT;"
    ))
    .unwrap();
    drop(made);
    let mut ledger = Ledger::open(&path).unwrap();
    let btc = coin("BTCUSDT");
    for bars in [3333, 6666, 9999, 13_332] {
        let some = ledger.prune_some(&kept(10_000, 5)).unwrap();
        assert_eq!(some.forecasts, 3 * 3333, "{some:?}");
        let first = &ledger.forecasts(0).unwrap()[..3];
        assert!(first.iter().all(|logged| logged.time_ms == bars * MINUTE));
        assert_eq!(ledger.paused_bars(0).unwrap()[0], bars * MINUTE);
        let candles = ledger.candles(&btc, 0, i64::MAX).unwrap();
        assert_eq!(candles[0].open_time_ms, (bars - 5) * MINUTE);
    }
    ledger.prune(&kept(10_000, 5)).unwrap();
    assert_eq!(
        ledger.paused_bars(0).unwrap()[0],
        (BARS - 1 - 10_000) * MINUTE
    );
}

#[test]
fn a_copy_is_of_one_moment_and_replaces_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let mut watch = ledger(&path, 40, 40);
    let copy = dir.path().join("backups/ledger.sqlite");
    Ledger::read_only(&path).unwrap().back_up(&copy).unwrap();
    watch.record(&minute(40)).unwrap();
    let saved = Ledger::read_only(&copy).unwrap();
    assert_eq!(saved.last_forecast_ms().unwrap(), Some(39 * MINUTE));
    assert_eq!(saved.all_positions().unwrap().len(), 3);
    let error = Ledger::read_only(&path)
        .unwrap()
        .back_up(&copy)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is there already, expected a new file")
    );
    assert!(!dir.path().join("backups/ledger.sqlite.part").exists());
    // A copy is a ledger that a watch goes on with.
    drop(saved);
    Ledger::open(&copy).unwrap().record(&minute(41)).unwrap();
}

/// Version 3 did not say on whose forecast a position was opened.
#[test]
fn a_ledger_of_version_3_is_read_as_it_is_and_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    drop(ledger(&path, 20, 20));
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "ALTER TABLE positions DROP COLUMN forecaster; DROP TABLE status; DROP TABLE paused_bars;
         PRAGMA user_version = 3;",
    )
    .unwrap();
    drop(old);
    let label = |ledger: &Ledger| ledger.all_positions().unwrap()[1].forecaster.clone();
    let read = Ledger::read_only(&path).unwrap();
    assert_eq!(label(&read).as_deref(), Some("network at 15"));
    drop(read);
    // Pruning brings it up to date, unless a watch of an older version writes it.
    let mut pruning = Ledger::beside_writer(&path).unwrap();
    pruning.prune(&kept(0, 0)).unwrap();
    assert_eq!(label(&pruning).as_deref(), Some("network at 15"));
    assert_eq!(pruning.all_positions().unwrap().len(), 2);
}

#[test]
fn a_ledger_that_is_not_there_is_neither_pruned_nor_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let error = Ledger::beside_writer(&path).unwrap_err();
    assert!(matches!(error, Error::Ledger { .. }), "{error}");
    assert!(!path.exists());
}

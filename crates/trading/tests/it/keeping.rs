//! A ledger over months: pruned, copied and brought up to date, beside a watch that writes.

use std::path::Path;

use market::{Candle, Symbol};
use rules::{Costs, Side};
use trading::{Error, Ledger, LoggedForecast, Minute, Price, Pruned, Signal};

const MINUTE: i64 = 60_000;

fn coin(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
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
    let pruned = beside.prune(50 * MINUTE, 40 * MINUTE).unwrap();
    assert_eq!(
        pruned,
        Pruned {
            forecasts: 100,
            candles: 80
        }
    );
    assert_eq!(
        beside.prune(50 * MINUTE, 40 * MINUTE).unwrap(),
        Pruned::default()
    );
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
    ledger.prune(1000 * MINUTE, 1000 * MINUTE).unwrap();
    assert_eq!(ledger.forecasts(0).unwrap()[0].time_ms, 30 * MINUTE);
    let candles = ledger.candles(&coin("BTCUSDT"), 0, 1000 * MINUTE).unwrap();
    assert_eq!(candles[0].open_time_ms, 30 * MINUTE);
}

#[test]
fn a_bar_takes_out_some_thousand_rows_and_many_bars_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    let candles: Vec<Candle> = (0..25_000)
        .map(|bar| Candle::close_only(bar * MINUTE, 1.0))
        .collect();
    let btc = coin("BTCUSDT");
    ledger
        .add_candles(candles.iter().map(|candle| (&btc, candle)))
        .unwrap();
    let some = |ledger: &mut Ledger| ledger.prune_some(0, 20_000 * MINUTE).unwrap().candles;
    assert_eq!(
        [some(&mut ledger), some(&mut ledger), some(&mut ledger)],
        [10_000, 10_000, 0]
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
    pruning.prune(1000 * MINUTE, 1000 * MINUTE).unwrap();
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

//! The ledger: nothing twice, nothing lost, every due candle's price.

use std::path::Path;

use evaluate::{Costs, Side};
use market::{Candle, Symbol};
use trading::{Error, Ledger, LoggedForecast, Minute, Price, Signal, summarize, summary_table};

const MINUTE: i64 = 60_000;

fn coin(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn forecast(time_ms: i64, name: &str) -> LoggedForecast {
    LoggedForecast {
        time_ms,
        symbol: coin(name),
        forecast: Some(0.1 + 0.2),
        refused: None,
        forecaster: "network of fold 7".to_owned(),
        made_at_ms: time_ms + MINUTE + 17,
        is_complete: true,
        drift_std: Some(1.5),
    }
}

fn signal(time_ms: i64, name: &str) -> Signal {
    Signal {
        symbol: coin(name),
        side: Side::Buy,
        forecast: 0.1 + 0.2,
        entry_ms: time_ms,
        due_ms: time_ms + 15 * MINUTE,
        costs: Costs { fee_bps: 10.0, slippage_bps: 0.0 },
        overlapping: false,
    }
}

fn minute(time_ms: i64, name: &str) -> Minute {
    Minute { time_ms, forecasts: vec![forecast(time_ms, name)], signals: vec![signal(time_ms, name)] }
}

fn open(dir: &Path) -> Ledger {
    Ledger::open(&dir.join("ledger.sqlite")).unwrap()
}

#[test]
fn a_minute_that_is_written_twice_opens_one_position() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    assert_eq!(ledger.record(&minute(0, "BTCUSDT")).unwrap().len(), 1);
    assert_eq!(ledger.record(&minute(0, "BTCUSDT")).unwrap().len(), 0);
    drop(ledger);
    let mut ledger = open(dir.path());
    assert_eq!(ledger.record(&minute(0, "BTCUSDT")).unwrap().len(), 0);
    assert_eq!(ledger.all_positions().unwrap().len(), 1);
    assert_eq!(ledger.forecasts(0).unwrap(), [forecast(0, "BTCUSDT")], "to the last bit");
}

#[test]
fn one_position_of_a_coin_at_a_time_by_the_clock() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let opened = |ledger: &mut Ledger, bar: i64, name: &str| ledger.record(&minute(bar * MINUTE, name)).unwrap().len();
    assert_eq!(opened(&mut ledger, 0, "BTCUSDT"), 1);
    assert_eq!(opened(&mut ledger, 1, "ETHUSDT"), 1, "another coin");
    assert_eq!(opened(&mut ledger, 14, "BTCUSDT"), 0);
    assert_eq!(opened(&mut ledger, 15, "BTCUSDT"), 1, "due, though its candle has not come yet");
    assert_eq!(ledger.open_positions().unwrap().len(), 3);
    let mut beside = minute(16 * MINUTE, "BTCUSDT");
    beside.signals[0].overlapping = true;
    assert_eq!(ledger.record(&beside).unwrap().len(), 1);
}

#[test]
fn positions_are_settled_at_their_due_candle_however_late_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    ledger.record(&minute(0, "BTCUSDT")).unwrap();
    let entry = |_: &Symbol, time: i64| (time == 0).then_some(Price { time_ms: 0, close: 100.0 });
    assert_eq!(ledger.settle(entry).unwrap().len(), 0);
    drop(ledger);

    let mut ledger = open(dir.path());
    let position = &ledger.open_positions().unwrap()[0];
    assert_eq!((position.entry_price, position.exit_price, position.net()), (Some(100.0), None, None));
    let price =
        |_: &Symbol, time_ms: i64| Some(Price { time_ms, close: if time_ms == 15 * MINUTE { 101.0 } else { 7.0 } });
    let closed = ledger.settle(price).unwrap();
    assert_eq!((closed[0].exit_ms, closed[0].exit_price), (Some(15 * MINUTE), Some(101.0)));
    assert!((closed[0].gross().unwrap() - 0.01).abs() < 1e-12);
    assert!((closed[0].net().unwrap() - (1.01 * 0.999 - 1.001)).abs() < 1e-12);
    assert_eq!(ledger.settle(price).unwrap().len(), 0);
    assert_eq!(ledger.all_positions().unwrap(), closed);
    assert!(summary_table(&summarize(&closed)).contains("BTCUSDT"));
}

#[test]
fn candles_stay_as_they_were_first_known() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let (btc, first) = (coin("BTCUSDT"), Candle { volume: Some(0.1 + 0.2), ..Candle::close_only(0, 100.0) });
    ledger.add_candles([(&btc, &first)]).unwrap();
    ledger.add_candles([(&btc, &Candle::close_only(0, 99.0)), (&btc, &Candle::close_only(MINUTE, 102.0))]).unwrap();
    assert_eq!(ledger.candles(&btc, 0, MINUTE).unwrap(), [first]);
    ledger.record(&minute(0, "BTCUSDT")).unwrap();
    assert_eq!(ledger.outcomes(MINUTE, 10).unwrap(), [(0.1 + 0.2, 102.0 / 100.0 - 1.0)]);
    assert_eq!(ledger.last_forecast_ms().unwrap(), Some(0));
}

#[test]
fn one_writer_at_a_time_and_readers_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let missing = Ledger::read_only(&path).unwrap_err().to_string();
    assert!(missing.contains("hint: `predict --watch"), "{missing}");
    let mut ledger = open(dir.path());
    assert!(matches!(Ledger::open(&path), Err(Error::InUse { .. })));
    ledger.record(&minute(0, "BTCUSDT")).unwrap();
    let mut reader = Ledger::read_only(&path).unwrap();
    assert_eq!(reader.all_positions().unwrap().len(), 1);
    assert!(reader.record(&minute(MINUTE, "ETHUSDT")).is_err(), "a reader does not write");
}

#[test]
fn what_is_no_ledger_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    std::fs::write(&path, "no database, but long enough to be taken for the header of one by a careless reader")
        .unwrap();
    let error = Ledger::open(&path).unwrap_err().to_string();
    assert!(error.contains("ledger.sqlite") && error.contains("not a database"), "{error}");
}

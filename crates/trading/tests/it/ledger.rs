//! The ledger: nothing twice, nothing lost, every due candle's price.

use std::path::Path;

use market::{Candle, Symbol};
use rules::{Costs, Side};
use trading::{
    Error, Ledger, LoggedForecast, Minute, Order, OrderStep, Outcome, Price, Signal, by_order,
    part_left, summarize, summary_table,
};

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
        costs: Costs {
            fee_bps: 10.0,
            slippage_bps: 0.0,
        },
        overlapping: false,
    }
}

fn minute(time_ms: i64, name: &str) -> Minute {
    Minute {
        time_ms,
        forecasts: vec![forecast(time_ms, name)],
        signals: vec![signal(time_ms, name)],
        order_steps: Vec::new(),
        is_paused: false,
    }
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
    assert_eq!(
        ledger.forecasts(0).unwrap(),
        [forecast(0, "BTCUSDT")],
        "to the last bit"
    );
}

#[test]
fn one_position_of_a_coin_at_a_time_by_the_clock() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let opened = |ledger: &mut Ledger, bar: i64, name: &str| {
        ledger.record(&minute(bar * MINUTE, name)).unwrap().len()
    };
    assert_eq!(opened(&mut ledger, 0, "BTCUSDT"), 1);
    assert_eq!(opened(&mut ledger, 1, "ETHUSDT"), 1, "another coin");
    assert_eq!(opened(&mut ledger, 14, "BTCUSDT"), 0);
    assert_eq!(
        opened(&mut ledger, 15, "BTCUSDT"),
        1,
        "due, though its candle has not come yet"
    );
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
    let entry = |_: &Symbol, time: i64| {
        (time == 0).then_some(Price {
            time_ms: 0,
            close: 100.0,
            is_last_known: false,
        })
    };
    assert_eq!(ledger.settle(entry).unwrap().len(), 0);
    drop(ledger);

    let mut ledger = open(dir.path());
    let position = &ledger.open_positions().unwrap()[0];
    assert_eq!(
        (position.entry_price, position.exit_price, position.net()),
        (Some(100.0), None, None)
    );
    let price = |_: &Symbol, time_ms: i64| {
        let close = if time_ms == 15 * MINUTE { 101.0 } else { 7.0 };
        Some(Price {
            time_ms,
            close,
            is_last_known: false,
        })
    };
    let closed = ledger.settle(price).unwrap();
    assert_eq!(
        (closed[0].exit_ms, closed[0].exit_price),
        (Some(15 * MINUTE), Some(101.0))
    );
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
    let (btc, first) = (
        coin("BTCUSDT"),
        Candle {
            volume: Some(0.1 + 0.2),
            ..Candle::close_only(0, 100.0)
        },
    );
    ledger.add_candles([(&btc, &first)]).unwrap();
    ledger
        .add_candles([
            (&btc, &Candle::close_only(0, 99.0)),
            (&btc, &Candle::close_only(MINUTE, 102.0)),
        ])
        .unwrap();
    assert_eq!(ledger.candles(&btc, 0, MINUTE).unwrap(), [first]);
    ledger.record(&minute(0, "BTCUSDT")).unwrap();
    assert_eq!(
        ledger.outcomes(MINUTE, 10).unwrap(),
        [Outcome {
            time_ms: 0,
            forecast: 0.1 + 0.2,
            realized: 102.0 / 100.0 - 1.0
        }]
    );
    assert_eq!(ledger.last_forecast_ms().unwrap(), Some(0));
}

/// A watch with `--in-sample` once had its forecasts in the correlation that stands for what is to come.
#[test]
fn forecasts_in_sample_have_no_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    let btc = coin("BTCUSDT");
    for bar in 0..3 {
        let candle = Candle::close_only(bar * MINUTE, 100.0 + bar as f64);
        ledger.add_candles([(&btc, &candle)]).unwrap();
    }
    for bar in 0..2 {
        let mut own = minute(bar * MINUTE, "BTCUSDT");
        if bar == 0 {
            own.forecasts[0]
                .forecaster
                .insert_str(0, trading::IN_SAMPLE);
        }
        ledger.record(&own).unwrap();
    }
    let outcomes = ledger.outcomes(MINUTE, 10).unwrap();
    assert_eq!((outcomes.len(), outcomes[0].time_ms), (1, MINUTE));
}

#[test]
fn one_writer_at_a_time_and_readers_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    let missing = Ledger::read_only(&path).unwrap_err().hint().unwrap();
    assert!(missing.starts_with("`quarterhour watch"), "{missing}");
    let mut ledger = open(dir.path());
    assert!(matches!(Ledger::open(&path), Err(Error::InUse { .. })));
    ledger.record(&minute(0, "BTCUSDT")).unwrap();
    let mut reader = Ledger::read_only(&path).unwrap();
    assert_eq!(reader.all_positions().unwrap().len(), 1);
    assert!(
        reader.record(&minute(MINUTE, "ETHUSDT")).is_err(),
        "a reader does not write"
    );
}

#[test]
fn what_is_no_ledger_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    std::fs::write(
        &path,
        "no database, but long enough to be taken for the header of one by a careless reader",
    )
    .unwrap();
    let error = Ledger::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("ledger.sqlite") && error.contains("not a database"),
        "{error}"
    );
}

/// A database of another program: nothing of it may change, nor may anything appear beside it.
#[test]
fn a_foreign_database_is_refused_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for (name, sql) in [
        (
            "mlflow.db",
            "CREATE TABLE runs (a); INSERT INTO runs VALUES (1);",
        ),
        (
            "positions.sqlite",
            "CREATE TABLE positions (id INTEGER PRIMARY KEY, x TEXT);",
        ),
        (
            "version.sqlite",
            "PRAGMA user_version = 1; CREATE TABLE positions (id INTEGER PRIMARY KEY);",
        ),
        (
            "application.sqlite",
            "PRAGMA application_id = 77; CREATE TABLE x (y);",
        ),
    ] {
        let path = dir.path().join(name);
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch(sql)
            .unwrap();
        let (before, files) = (
            std::fs::read(&path).unwrap(),
            std::fs::read_dir(dir.path()).unwrap().count(),
        );
        let error = Ledger::open(&path).unwrap_err();
        assert!(matches!(error, Error::Foreign { .. }), "{name}: {error}");
        assert!(
            error.to_string().contains("another program's tables"),
            "{error}"
        );
        assert!(Ledger::read_only(&path).is_err(), "{name}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{name}");
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            files,
            "{name}"
        );
    }
}

/// `--ledger x.lock` once emptied itself, and a user's own lock file was emptied.
#[test]
fn names_beside_a_ledger_and_foreign_locks_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["x.lock", "x.jsonl", "x.sqlite-wal"] {
        let error = Ledger::open(&dir.path().join(name)).unwrap_err();
        assert_eq!(error.hint().unwrap(), format!("--ledger {name}.sqlite"));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let foreign = dir.path().join("Cargo.lock");
    std::fs::write(&foreign, "a user's own file\n").unwrap();
    let error = Ledger::open(&dir.path().join("Cargo.sqlite"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Cargo.lock") && error.contains("empty lock file"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(&foreign).unwrap(),
        "a user's own file\n"
    );
    assert!(!dir.path().join("Cargo.sqlite").exists());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path().join("y.sqlite"), dir.path().join("link.sqlite"))
            .unwrap();
        let error = Ledger::open(&dir.path().join("link.sqlite"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("is a link"), "{error}");
    }
}

/// The tables of version 1, as its ledgers have them.
const FIRST_VERSION: &str = "
PRAGMA user_version = 1;
CREATE TABLE candles (symbol TEXT NOT NULL, time INTEGER NOT NULL, open REAL, high REAL, low REAL, close REAL NOT NULL,
    volume REAL, quote_volume REAL, count REAL, taker_buy_volume REAL, taker_buy_quote_volume REAL,
    PRIMARY KEY (symbol, time)) WITHOUT ROWID;
CREATE TABLE forecasts (time INTEGER NOT NULL, symbol TEXT NOT NULL, forecast REAL, refused TEXT,
    forecaster TEXT NOT NULL, made_at_ms INTEGER NOT NULL, is_complete INTEGER NOT NULL, drift_std REAL,
    PRIMARY KEY (time, symbol)) WITHOUT ROWID;
CREATE TABLE positions (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, side TEXT NOT NULL, forecast REAL NOT NULL,
    forecast_ms INTEGER NOT NULL, entry_ms INTEGER NOT NULL, entry_price REAL, due_ms INTEGER NOT NULL,
    exit_ms INTEGER, exit_price REAL, fee_bps REAL NOT NULL, slippage_bps REAL NOT NULL, UNIQUE (symbol, forecast_ms));
INSERT INTO forecasts VALUES (0, 'BTCUSDT', 0.25, NULL, 'network of fold 7', 60017, 1, NULL);
INSERT INTO positions VALUES (1, 'BTCUSDT', 'buy', 0.25, 0, 0, 100.0, 900000, NULL, NULL, 10.0, 1.0);
";

#[test]
fn a_ledger_of_the_first_version_is_read_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(FIRST_VERSION)
        .unwrap();
    let reader = Ledger::read_only(&path).unwrap();
    assert_eq!(
        (
            reader.forecasts(0).unwrap().len(),
            reader.open_positions().unwrap().len()
        ),
        (1, 1)
    );
    drop(reader);
    for _ in 0..2 {
        let mut ledger = open(dir.path());
        ledger.record(&minute(16 * MINUTE, "BTCUSDT")).unwrap();
        let positions = ledger.all_positions().unwrap();
        assert_eq!(
            positions
                .iter()
                .map(|position| position.forecast_ms)
                .collect::<Vec<_>>(),
            [0, 16 * MINUTE]
        );
        assert!(positions.iter().all(|position| !position.is_last_known));
    }
}

#[test]
fn a_position_of_a_coin_that_is_gone_is_marked() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    ledger.record(&minute(0, "BTCUSDT")).unwrap();
    let price = |_: &Symbol, time: i64| {
        let known = time.min(3 * MINUTE);
        Some(Price {
            time_ms: known,
            close: 100.0 + known as f64 / 6e4,
            is_last_known: known < time,
        })
    };
    let closed = ledger.settle(price).unwrap();
    assert_eq!(
        (closed[0].exit_ms, closed[0].exit_price),
        (Some(3 * MINUTE), Some(103.0))
    );
    assert!(closed[0].is_last_known && ledger.all_positions().unwrap()[0].is_last_known);
}

/// Another program that holds the database is told apart from a broken file, and what was to be
/// written can be.
#[test]
fn a_database_that_is_held_is_busy_and_then_free() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    ledger
        .wait_at_most(std::time::Duration::from_millis(1))
        .unwrap();
    let other = rusqlite::Connection::open(dir.path().join("ledger.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(
        ledger.record(&minute(0, "BTCUSDT")),
        Err(Error::Busy { .. })
    ));
    assert_eq!(ledger.all_positions().unwrap(), [], "others may read");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ledger.record(&minute(0, "BTCUSDT")).unwrap().len(), 1);
}

#[test]
fn what_is_no_number_is_neither_written_nor_traded() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = open(dir.path());
    for (bar, value) in [(0, f64::NAN), (1, f64::INFINITY), (2, f64::NEG_INFINITY)] {
        let mut minute = minute(bar * MINUTE, "BTCUSDT");
        minute.forecasts[0].forecast = Some(value);
        minute.signals[0].forecast = value;
        assert_eq!(ledger.record(&minute).unwrap(), []);
    }
    assert!(
        ledger
            .forecasts(0)
            .unwrap()
            .iter()
            .all(|forecast| forecast.forecast.is_none())
    );
}

/// The system's reason was once lost on the way: the message was the path alone.
#[test]
fn a_ledger_that_has_no_folder_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nowhere/ledger.sqlite");
    let lock = dir.path().join("nowhere/ledger.lock");
    let reason = std::fs::File::open(&path).unwrap_err();
    assert_eq!(
        Ledger::open(&path).unwrap_err().to_string(),
        format!("{}: {reason}", lock.display())
    );
}

/// `quarterhour ledger --ledger FOLDER` once said "disk I/O error".
#[test]
fn a_folder_is_no_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("my run");
    std::fs::create_dir(&folder).unwrap();
    let error = Ledger::read_only(&folder).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: is a folder, expected a ledger's file",
            folder.display()
        )
    );
    assert_eq!(
        error.hint().unwrap(),
        format!("--ledger '{}/ledger.sqlite'", folder.display())
    );
    let error = Ledger::open(&folder).unwrap_err().to_string();
    assert!(error.contains("is a folder"), "{error}");
}

/// Decisions about an order belong to their minute: written once, with the price of the candle
/// after it, and known again after a stop.
#[test]
fn an_order_is_kept_with_its_decisions_and_fills() {
    let dir = tempfile::tempdir().unwrap();
    let order = Order {
        symbol: coin("BTCUSDT"),
        side: Side::Sell,
        arrival_ms: 0,
        deadline_ms: 3 * MINUTE,
        patience: 0.25,
        half_spread_bps: 1.5,
    };
    let mut ledger = open(dir.path());
    let mut left = 1.0;
    for (bar, z) in [(0, None), (1, Some(0.5)), (2, Some(-0.5))] {
        let step = order.step((bar * MINUTE, MINUTE), z, left);
        left -= step.part;
        let minute = Minute {
            order_steps: vec![step.clone()],
            ..minute(bar * MINUTE, "BTCUSDT")
        };
        ledger.record(&minute).unwrap();
        let other = Minute {
            order_steps: vec![OrderStep { part: 0.5, ..step }],
            ..minute
        };
        ledger.record(&other).unwrap();
    }
    assert_eq!(left, 0.0);
    let close = |_: &Symbol, time_ms: i64| {
        (time_ms <= MINUTE).then_some(Price {
            time_ms,
            close: 7.0,
            is_last_known: false,
        })
    };
    assert_eq!(ledger.fill_orders(close).unwrap().len(), 1);
    assert_eq!(ledger.fill_orders(close).unwrap(), []);
    drop(ledger);
    let steps = Ledger::read_only(&dir.path().join("ledger.sqlite"))
        .unwrap()
        .order_steps()
        .unwrap();
    let found: Vec<_> = steps
        .iter()
        .map(|step| (step.decision.words(), step.part, step.price))
        .collect();
    let third = 1.0 / 3.0;
    assert_eq!(
        found,
        [
            ("trade a slice", third, Some(7.0)),
            ("wait", 0.0, None),
            ("trade now", 1.0 - third, None)
        ]
    );
    assert!(steps.iter().all(|step| step.order == order));
    assert_eq!(part_left(&steps), 0.0);
    assert_eq!(part_left(&steps[..2]), 1.0 - third);
    assert_eq!(by_order(&steps).count(), 1);
}

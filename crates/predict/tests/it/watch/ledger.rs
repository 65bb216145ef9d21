//! The ledger of a watch, and who may write it.

use trading::{Ledger, LoggedForecast, Minute};

use super::*;

#[test]
fn a_tampered_ledger_is_found_out() {
    let market = Market3::new(Faults::default());
    finished(market.watch(25, &no_metrics()));
    let thresholds = market.run.join("thresholds.toml");
    let text = fs::read_to_string(&thresholds).unwrap();
    fs::write(
        &thresholds,
        text.replace("buy = 1e-9\n", "")
            .replace("sell = -1e-9\n", ""),
    )
    .unwrap();
    let (is_right, verdict) = market.verdict();
    assert!(
        !is_right && count(&verdict, "extra_trades") > 0,
        "{verdict}"
    );
}

#[test]
fn an_interrupt_ends_it_cleanly_and_two_do_not_share_a_ledger() {
    let market = Market3::new(Faults::default());
    let first = market.watch(1000, &no_metrics());
    std::thread::sleep(Duration::from_millis(1500));
    let second = market.watch(10, &no_metrics()).wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("is in use by another process"), "{said}");
    interrupt(&first);
    assert!(finished(first).contains("the ledger is complete"));
}

fn interrupt(child: &Child) {
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// Another program that holds the ledger for a while loses nothing, and ends nothing.
#[test]
fn a_ledger_that_is_held_for_a_while_has_every_minute_afterwards() {
    let market = Market3::new(Faults::default());
    let child = market.watch(40, &no_metrics());
    let (path, log) = (
        market.run.join("ledger.sqlite"),
        market.run.join("ledger.jsonl"),
    );
    while !path.exists() || !log.exists() || forecast_times(&market).is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let other = rusqlite::Connection::open(&path).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    let said = finished(child);
    assert!(
        said.contains("what is to be written is kept until it is free"),
        "{said}"
    );
    let (is_right, verdict) = market.verdict();
    assert!(is_right, "{verdict}\n{said}");
    assert_eq!(
        count(&verdict, "minutes"),
        forecast_times(&market).len() as i64,
        "{said}"
    );
}

#[test]
fn a_log_of_somebody_else_is_refused_before_anything_is_written() {
    let market = Market3::new(Faults::default());
    let theirs = market.dir.path().join("notes.jsonl");
    fs::write(&theirs, "a user's own file\n").unwrap();
    let output = market
        .watch(5, &["--ledger", "notes.sqlite"])
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("notes.jsonl is somebody else's file")
    );
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "a user's own file\n");
    assert!(
        !market.dir.path().join("notes.sqlite").exists()
            && !market.dir.path().join("notes.lock").exists()
    );
}

/// The indicator rule looks less far back than the model: by it, candles were once taken out that the model's
/// forecasts need to be made again.
#[test]
fn nothing_is_taken_out_while_the_indicator_rule_stands_in_for_the_model() {
    let market = Market3::new(Faults::default());
    let path = market.run.join("ledger.sqlite");
    let old_ms = market.exchange.now_ms().div_euclid(MINUTE) * MINUTE - 3 * 24 * 60 * MINUTE;
    let old = LoggedForecast {
        time_ms: old_ms,
        symbol: Symbol::new("SIM1USDT").unwrap(),
        forecast: Some(1e-3),
        refused: None,
        forecaster: "network of fold 0 abc".to_owned(),
        made_at_ms: old_ms + MINUTE,
        is_complete: true,
        drift_std: None,
    };
    let minute = Minute {
        time_ms: old_ms,
        forecasts: vec![old],
        ..Minute::default()
    };
    Ledger::open(&path).unwrap().record(&minute).unwrap();
    let (model, away) = (
        market.run.join("model.safetensors"),
        market.run.join("away"),
    );
    fs::rename(&model, &away).unwrap();
    let keep = ["--set", "watch.keep=2d"];
    let first_ms = || Ledger::read_only(&path).unwrap().forecasts(0).unwrap()[0].time_ms;
    let said = finished(market.watch(8, &[&no_metrics()[..], &keep].concat()));
    assert!(said.contains("an indicator rule answers"), "{said}");
    assert_eq!(first_ms(), old_ms);
    let prune = ["ledger", "prune", "--run", "run", "--keep", "2d"];
    let refused = crate::support::run_plainly(market.dir.path(), &prune);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(first_ms(), old_ms);
    fs::rename(&away, &model).unwrap();
    finished(market.watch(8, &[&no_metrics()[..], &keep].concat()));
    assert!(first_ms() > old_ms);
}

/// What another model forecast is not made again by this one, and is no fault. Without a model nothing can be
/// made again, and so nothing is called right.
#[test]
fn another_models_forecasts_are_left_out_of_the_check_and_without_a_model_there_is_none() {
    let market = Market3::new(Faults::default());
    let path = market.run.join("ledger.sqlite");
    finished(market.watch(15, &no_metrics()));
    let first_ms = Ledger::read_only(&path).unwrap().forecasts(0).unwrap()[0].time_ms;
    let time_ms = first_ms - MINUTE;
    let other = LoggedForecast {
        time_ms,
        symbol: Symbol::new("SIM1USDT").unwrap(),
        forecast: None,
        refused: Some("no candles".to_owned()),
        forecaster: "another network".to_owned(),
        made_at_ms: time_ms + MINUTE,
        is_complete: true,
        drift_std: None,
    };
    let minute = Minute {
        time_ms,
        forecasts: vec![other],
        ..Minute::default()
    };
    Ledger::open(&path).unwrap().record(&minute).unwrap();
    let (is_right, verdict) = market.verdict();
    let counts = ["forecasts", "others_forecasts"].map(|key| count(&verdict, key));
    assert!(is_right && counts[0] > 0 && counts[1] == 1, "{verdict}");

    let before = Ledger::read_only(&path).unwrap().status().unwrap();
    fs::remove_file(market.run.join("model.safetensors")).unwrap();
    let verify = [
        "ledger", "--run", "run", "--device", "flex", "--verify", "ledger",
    ];
    let refused = crate::support::run_plainly(market.dir.path(), &verify);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("model.safetensors"), "{said}");
    let after = Ledger::read_only(&path).unwrap().status().unwrap();
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
}

//! `ledger --plot`: pictures of what a watch came to.

use std::fs;
use std::path::Path;

use market::Symbol;
use rules::{Costs, Side};
use trading::{Ledger, LoggedForecast, Minute, Price, Signal, live_pearson, summarize};

use crate::support::{run_plainly, untrained_run};

const MINUTE: i64 = 60_000;

/// A ledger of 200 bars of three coins, of which one is traded.
fn write_ledger(path: &Path, bars: usize) {
    let coins = tests::candles(&tests::tiny());
    let mut ledger = Ledger::open(path).unwrap();
    for (symbol, candles) in &coins {
        let first: Vec<_> = (0..bars).map(|bar| candles.candle(bar)).collect();
        ledger
            .add_candles(first.iter().map(|candle| (symbol, candle)))
            .unwrap();
    }
    for bar in 0..bars {
        let time_ms = coins[0].1.open_time_ms[bar];
        let of_coin = |place: usize| LoggedForecast {
            time_ms,
            symbol: coins[place].0.clone(),
            forecast: Some(((bar * 7919 + place * 104_729) % 1000) as f64 / 1e6 - 5e-4),
            refused: None,
            forecaster: "network".to_owned(),
            made_at_ms: time_ms + MINUTE,
            is_complete: true,
            drift_std: None,
        };
        let signal = Signal {
            symbol: coins[0].0.clone(),
            side: Side::Buy,
            forecast: 1e-3,
            entry_ms: time_ms,
            due_ms: time_ms + 15 * MINUTE,
            costs: Costs::default(),
            overlapping: false,
        };
        let minute = Minute {
            time_ms,
            forecasts: (0..coins.len()).map(of_coin).collect(),
            signals: vec![signal],
            ..Minute::default()
        };
        ledger.record(&minute).unwrap();
    }
    let price = |_: &Symbol, time_ms: i64| {
        let bar = coins[0].1.open_time_ms.binary_search(&time_ms).ok()?;
        let close = coins[0].1.candle(bar).close;
        (bar < bars).then_some(Price {
            time_ms,
            close,
            is_last_known: false,
        })
    };
    ledger.settle(price).unwrap();
}

#[test]
fn a_page_draws_equity_and_correlation_as_the_ledger_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    let path = run.join("ledger.sqlite");
    write_ledger(&path, 200);
    let arguments = ["ledger", "--run", "run", "--plot", "page.html"];
    let output = run_plainly(dir.path(), &arguments);
    assert!(output.status.success(), "{output:?}");
    let page = fs::read_to_string(dir.path().join("page.html")).unwrap();
    // A number and its % sign stay on one line.
    let page = page.replace('\u{a0}', " ");
    let ledger = Ledger::read_only(&path).unwrap();
    let outcomes = ledger.outcomes(15 * MINUTE, usize::MAX).unwrap();
    assert_eq!(outcomes.len(), 3 * (200 - 15));
    let found = live_pearson(&outcomes, 15).unwrap();
    let all = summarize(&ledger.all_positions().unwrap()).pop().unwrap();
    for part in [
        "Rolling Pearson correlation".to_owned(),
        format!("the last one is {:.3}", found.value),
        format!("of {} forecasts", outcomes.len()),
        "Equity after costs".to_owned(),
        format!(
            "came to {:+.3} % of the capital after costs",
            all.net * 100.0
        ),
    ] {
        assert!(page.contains(&part), "{part} is not in the page");
    }
    // The coins are cells of a table, which a phone can show, and not text in lines.
    for cell in all.cells() {
        assert!(page.contains(&format!("{cell}</td>")), "{cell} is no cell");
    }
    assert!(!page.contains("<script"));
}

#[test]
fn without_settled_forecasts_the_page_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let run = untrained_run(dir.path());
    write_ledger(&run.join("ledger.sqlite"), 20);
    let arguments = ["ledger", "--run", "run", "--plot", "page.html"];
    assert!(run_plainly(dir.path(), &arguments).status.success());
    let page = fs::read_to_string(dir.path().join("page.html")).unwrap();
    assert!(page.contains("15 forecasts are settled"), "{page}");
    let refused = run_plainly(dir.path(), &["ledger", "--run", "run", "--plot", "a.png"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("--plot a.html"), "{said}");
}

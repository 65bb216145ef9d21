//! Rows that a run does not score.

use clap::Parser;
use dataset::{ForecastTable, TimeSpan};

use crate::support::DAY_MS;

/// A term that looks further back than the features that a row must have: the rows of a new coin before
/// it is known are left out, and the others are scored.
#[test]
fn rows_with_an_unknown_term_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut config = tests::tiny();
    config.data.interval = "2h".parse().unwrap();
    config.data.fill_limit = TimeSpan::ZERO;
    config.data.simulated.minutes = 150 * 1440;
    config.data.simulated.outage_every_minutes = None;
    let mut coins = tests::candles(&config);
    let first_ms = coins[0].1.open_time_ms[0];
    let listed_ms = first_ms + 70 * DAY_MS;
    let (new, candles) = coins.pop().unwrap();
    coins.push((new.clone(), candles.filter(|time| time >= listed_ms)));
    tests::store(&data, &mut config, &coins);
    let run = dir.path().join("run");
    let mut arguments = vec!["volatility".to_owned()];
    arguments.extend(["--run".to_owned(), run.display().to_string()]);
    for key in [
        format!("data.dir={}", data.display()).as_str(),
        "volatility.model=log_har",
        "volatility.terms=[\"lrv1\", \"lrv30\"]",
        "data.interval=2h",
        "data.fill_limit=0m",
        "universe.symbols=[]",
        "universe.score_settled=true",
        "target.kind=volatility",
        "target.horizon=1d",
        "features.set=har_intraday",
        "features.lookback_bars=1",
        "split.folds=2",
        "split.score_every=1d",
        "split.history_bars=264",
        "split.early_stopping_share=0",
    ] {
        arguments.extend(["--set".to_owned(), key.to_owned()]);
    }
    volatility::run(&volatility::Args::parse_from(arguments)).unwrap();
    let table = ForecastTable::read(&run.join("forecasts.parquet")).unwrap();
    let times = |symbol: &str| -> Vec<i64> {
        let rows = table.rows().filter(|row| row.symbol.as_str() == symbol);
        rows.map(|row| row.time_ms).collect()
    };
    let others = times(coins[0].0.as_str());
    let scored = times(new.as_str());
    // 30 days of returns, of which one in a hundred may be unknown: the coin's first has none.
    let known_ms = listed_ms + (30 * 12 - 3) * 2 * 3_600_000;
    let expected: Vec<i64> = others
        .iter()
        .copied()
        .filter(|time| *time >= known_ms)
        .collect();
    assert!(
        others[0] < listed_ms + 25 * DAY_MS,
        "days with features alone are asked for"
    );
    assert!(!expected.is_empty() && expected.len() < others.len());
    assert_eq!(scored, expected);
}

//! Funding rates beside the candles of futures.

use std::collections::BTreeMap;

use dataset::{Store, parse_time};
use market::{FundingRate, Interval, Market, Symbol};

use super::support::{coins, exchange_with_funding, fetched, stub, symbol_list};
use crate::quarterhour;

/// Funding rates of futures come with the candles, by REST or from the archive, and once.
#[test]
fn funding_rates_of_futures_are_stored_beside_the_candles() {
    let interval: Interval = "1h".parse().unwrap();
    let source = coins("2024-01-01", 70, interval);
    let first_ms = source[0].1.open_time_ms[0];
    // The exchange is a few milliseconds late.
    let rates: Vec<FundingRate> = (0..200)
        .map(|payment| FundingRate {
            time_ms: first_ms + payment * 8 * 3_600_000 + payment % 3,
            rate: (payment % 7 - 2) as f64 / 1e4,
        })
        .collect();
    let funding: BTreeMap<Symbol, Vec<FundingRate>> = source[..2]
        .iter()
        .map(|(symbol, _)| (symbol.clone(), rates.clone()))
        .collect();
    let now = "2024-03-05T00:10";
    let now_ms = parse_time(now).unwrap();
    let paid = rates.partition_point(|one| one.time_ms <= now_ms);
    let exchange = exchange_with_funding(interval, source.clone(), funding, now);
    let settings = [
        "data.from=2024-01-01",
        "data.until=2024-03-06",
        "data.interval=1h",
        "data.market=futures",
        &symbol_list(&source),
    ];
    let dir = tempfile::tempdir().unwrap();
    let (_, notes) = fetched(dir.path(), &exchange.url(), &settings);
    assert!(
        notes.contains(&format!("note: {} funding rates are new", 2 * paid)),
        "{notes}"
    );
    let store = Store::new(&dir.path().join("data"), Market::Futures, interval);
    for (symbol, _) in &source[..2] {
        assert_eq!(store.funding(symbol).unwrap(), rates[..paid]);
    }
    assert_eq!(store.funding(&source[2].0).unwrap(), []);
    let (_, notes) = fetched(dir.path(), &exchange.url(), &settings);
    assert!(notes.contains("note: 0 funding rates are new"), "{notes}");

    // Where REST is not served, the archive has the months that have ended.
    let dir = tempfile::tempdir().unwrap();
    let refused = stub(|_| (451, Vec::new()));
    let addresses = ["--archive-url", &exchange.url(), "--base-url", &refused];
    let mut command = quarterhour("download");
    command.current_dir(dir.path()).args(addresses);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let output = command.output().unwrap();
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{notes}");
    let store = Store::new(&dir.path().join("data"), Market::Futures, interval);
    let march_ms = parse_time("2024-03-01").unwrap();
    let until_march = rates.partition_point(|one| one.time_ms < march_ms);
    assert_eq!(store.funding(&source[0].0).unwrap(), rates[..until_march]);
}

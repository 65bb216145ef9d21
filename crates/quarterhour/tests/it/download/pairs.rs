//! Which pairs of a currency `quarterhour download` takes, and which it leaves out.

use dataset::Store;
use market::{Interval, Market, Symbol};
use replay::Faults;

use super::support::{coins, exchange, fetched, run};

const MINUTE: Interval = Interval::ONE_MINUTE;

/// BTCBUSD is a pair of BUSD that ended, not of USD.
#[test]
fn ended_pairs_of_a_longer_currency_are_left() {
    let (dir, mut source) = (tempfile::tempdir().unwrap(), coins("2024-01-01", 2, MINUTE));
    for ((symbol, _), name) in source.iter_mut().zip(["BTCUSDT", "BTCUSD", "BTCBUSD"]) {
        *symbol = Symbol::new(name).unwrap();
    }
    let gone = |name: &str| (Symbol::new(name).unwrap(), "2024-01-02T12:00".to_owned());
    let faults = Faults {
        delisted: ["BTCUSD", "BTCBUSD"].map(gone).into(),
        ..Faults::default()
    };
    let exchange = exchange(Market::Spot, MINUTE, source, "2024-01-03", faults);
    let told = fetched(
        dir.path(),
        &exchange.url(),
        &[
            "universe.symbols=[]",
            "universe.quote=USD",
            "data.from=2024-01-02",
            "--dry-run",
        ],
    );
    assert_eq!(
        told,
        (
            "BTCUSD\n".to_owned(),
            "note: traded no more, 1: BTCUSD\n".to_owned()
        )
    );
}

/// All pairs of a currency that the exchange trades or, as its archive has them, traded, without
/// leveraged and pegged ones; a dry run names all of them.
#[test]
fn pairs_of_a_currency_are_those_that_the_exchange_trades_or_traded() {
    let (dir, mut source) = (tempfile::tempdir().unwrap(), coins("2024-01-01", 2, MINUTE));
    let more = coins("2024-01-01", 2, MINUTE);
    source.extend(more.into_iter().take(2));
    let names = ["BTCUSDT", "BTCUPUSDT", "USDCUSDT", "GONEUSDT", "GONEBTC"];
    for ((symbol, _), name) in source.iter_mut().zip(names) {
        *symbol = Symbol::new(name).unwrap();
    }
    let gone = |name: &str| (Symbol::new(name).unwrap(), "2024-01-02T12:00".to_owned());
    let faults = Faults {
        delisted: ["GONEUSDT", "GONEBTC"].map(gone).into(),
        ..Faults::default()
    };
    let exchange = exchange(Market::Spot, MINUTE, source, "2024-01-03", faults);
    let settings = [
        "universe.symbols=[]",
        "universe.quote=USDT",
        "data.from=2024-01-02",
    ];
    let told = fetched(
        dir.path(),
        &exchange.url(),
        &[&settings[..], &["--dry-run"]].concat(),
    );
    assert_eq!(told.0, "BTCUSDT\nGONEUSDT\n");
    assert_eq!(
        told.1,
        "note: traded no more, 1: GONEUSDT\nnote: left out, 1: leveraged: BTCUPUSDT\n\
         note: left out, 1: pegged: USDCUSDT\n"
    );
    assert!(
        !dir.path().join("data/candles").exists(),
        "a dry run fetches nothing"
    );
    fetched(dir.path(), &exchange.url(), &settings);
    let store = Store::new(&dir.path().join("data"), Market::Spot, MINUTE);
    let names = ["BTCUSDT", "GONEUSDT"].map(|name| Symbol::new(name).unwrap());
    assert_eq!(store.symbols().unwrap(), names);
    let last_ms = store.audit(&names[1]).unwrap().unwrap().last_ms;
    assert!(last_ms < dataset::parse_time("2024-01-02T12:00").unwrap());

    let twice = run(
        dir.path(),
        &exchange.url(),
        &["universe.quote=USDT", "data.from=2024-01-02"],
    );
    let stderr = String::from_utf8(twice.stderr).unwrap();
    assert_eq!(twice.status.code(), Some(2));
    assert!(
        stderr.contains("universe.quote = USDT: expected no such key beside universe.symbols"),
        "{stderr}"
    );
}

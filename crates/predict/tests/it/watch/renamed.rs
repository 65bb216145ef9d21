//! A coin that got another name a while ago.

use trading::Ledger;

use super::*;

/// Its history once began with the new name: no forecast of it for as long as a window is.
#[test]
fn a_renamed_coin_is_forecast_from_the_first_bar_on_with_the_candles_of_its_earlier_name() {
    let old = Symbol::new("OLDUSDT").unwrap();
    let mut event = String::new();
    let market = Market3::with_coins(Faults::default(), SPEED, |coins| {
        // The watch begins at bar 2000.
        let renamed_ms = coins[0].1.open_time_ms[1990];
        let whole = coins[0].1.clone();
        event = format!(
            "[[event]]\nsymbol = \"{}\"\nkind = \"rebrand\"\nfrom = \"{old}\"\ndate = \"{}\"\n",
            coins[0].0,
            dataset::format_time(renamed_ms)
        );
        coins[0].1 = whole.filter(|time| time >= renamed_ms);
        coins.push((old.clone(), whole.filter(|time| time < renamed_ms)));
    });
    let file = market.dir.path().join("symbols.toml");
    fs::write(&file, event).unwrap();
    let key = format!("data.symbols_file={}", file.display());
    let set = ["--set", &key];
    let said = finished(market.watch(20, &[&no_metrics()[..], &set].concat()));
    let ledger = Ledger::read_only(&market.run.join("ledger.sqlite")).unwrap();
    let forecasts = ledger.forecasts(0).unwrap();
    assert!(!forecasts.is_empty(), "{said}");
    for logged in &forecasts {
        assert!(logged.forecast.is_some(), "{logged:?}\n{said}");
    }
    // The earlier candles are in the ledger too, so that it can be checked alone.
    assert!(!ledger.candles(&old, 0, i64::MAX).unwrap().is_empty());
    drop(ledger);
    for candles in ["store", "ledger"] {
        let (is_right, verdict) = market.verdict_by(candles, &set);
        assert!(is_right, "{candles}: {verdict}");
        assert!(count(&verdict, "forecasts") > 0, "{verdict}");
    }
}

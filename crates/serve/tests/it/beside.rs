//! `serve --volatility RUN`: the regime of each coin beside its forecast.

use clap::Parser;
use serde_json::{Value, json};

use crate::support::Market;

/// HAR on 300 days, and a ledger of its watch.
fn volatility() -> Market {
    let mut market = Market::of(("1d", "0m"), 301, 300);
    let set = [
        "volatility.model=har_full",
        "target.kind=volatility",
        "target.horizon=7d",
        "features.set=har_range",
        "features.lookback_bars=1",
        "split.history_bars=30",
        "split.early_stopping_share=0",
    ];
    let arguments = market.fitting("volatility", "daily", &set);
    volatility::run(&volatility::Args::parse_from(arguments)).unwrap();
    market.run = market.dir.path().join("daily");
    market.write_ledger(2, market.last_ms);
    market
}

#[test]
fn the_regime_of_a_volatility_model_stands_beside_each_forecast() {
    let (market, beside) = (Market::new(), volatility());
    market.write_ledger(1, market.last_ms);
    let server = market.serve(&[&format!("--volatility={}", beside.run.display())]);
    let mut forecasts = server.get("/forecasts").json();
    for _ in 0..200 {
        if forecasts["volatility_from"] != Value::Null {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        forecasts = server.get("/forecasts").json();
    }
    assert_eq!(
        forecasts["volatility_from"],
        json!({"run": "daily", "forecaster": forecasts["volatility_from"]["forecaster"], "horizon": "7d",
               "closed_at": beside.last_ms + beside.bar_ms, "is_stale": false})
    );
    let (made, _) = beside.forecasts(beside.last_ms);
    for (coin, expected) in made.coins.iter().enumerate() {
        let expected = expected.volatility.as_ref().unwrap();
        let shown = &forecasts["coins"][coin];
        // The forecast is the main model's, the volatility that of the model beside.
        assert!(shown["forecast"].as_f64().unwrap().abs() < 0.1, "{shown}");
        let found = &shown["volatility"];
        assert_eq!(found["per_day"].as_f64(), Some(expected.per_day));
        assert_eq!(found["regime"].as_str(), expected.regime.as_deref());
        let regimes = found["regimes"].as_array().unwrap();
        assert_eq!(regimes.len(), expected.regimes.len());
        for (found, (name, probability)) in regimes.iter().zip(&expected.regimes) {
            assert_eq!(found[0].as_str(), Some(name.as_str()));
            assert_eq!(found[1].as_f64(), Some(*probability));
        }
        let sum: f64 = regimes.iter().map(|one| one[1].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{regimes:?}");
    }
    let csv = server.get("/forecasts?format=csv").text();
    let regime = made.coins[0]
        .volatility
        .as_ref()
        .unwrap()
        .regime
        .clone()
        .unwrap();
    assert!(
        csv.lines().nth(1).unwrap().ends_with(&format!(",{regime}")),
        "{csv}"
    );
    let page = server.get("/").text();
    assert!(page.contains(&regime), "the page shows the regime");
}

/// A run that forecasts something else is no volatility.
#[test]
fn a_run_of_returns_is_refused_as_a_volatility() {
    let market = Market::new();
    let run = market.run.display().to_string();
    let error = market.refused(&["--volatility", &run]);
    assert!(
        error.contains("expected a run whose target is a volatility"),
        "{error}"
    );
}

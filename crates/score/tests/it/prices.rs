//! Scores of prices against numpy, scipy and statsmodels, by scripts/golden-prices.py.

use golden::{assert_close, floats, integers, list, number, read, whole};
use score::{ForecastColumn, Options, Report, Rows, controls, score};
use serde_json::Value as Json;

const DAY_MS: i64 = 86_400_000;

fn rows(case: &Json) -> Rows {
    let columns = &case["rows"];
    let count = list(&columns["time"]).len();
    Rows {
        quantity: score::Quantity::Return,
        time_ms: (integers::<i64>(&columns["time"]).iter())
            .map(|time| time * DAY_MS)
            .collect(),
        symbol: integers(&columns["symbol"]),
        fold: vec![1; count],
        realized: floats(&columns["realized"]),
        realized_delayed: vec![f64::NAN; count],
        close: Some(floats(&columns["close"])),
        controls: Vec::new(),
        volatility: vec![0.03; count],
        trailing_volatility: None,
        weight: vec![1.0; count],
        symbols: ["A", "B", "C", "D"].map(str::to_owned).to_vec(),
        bar_ms: DAY_MS,
        reach_bars: whole(case, "steps"),
    }
}

fn report(case: &Json) -> Report {
    let rows = rows(case);
    let forecaster = ForecastColumn {
        level: None,
        name: "network".to_owned(),
        run: Some("run".to_owned()),
        forecast: floats(&case["rows"]["forecast"]),
    };
    let forecasters = [vec![forecaster], controls(&rows)].concat();
    score(&rows, &forecasters, &Options::default()).unwrap()
}

fn cases() -> Vec<Json> {
    list(&read(include_str!("../golden/prices.json"))).to_vec()
}

#[test]
fn scores_of_prices_equal_those_of_numpy() {
    for case in cases() {
        let report = report(&case);
        let network = &report.forecasters[0];
        for (name, _) in case["expected"].as_object().unwrap() {
            let found = match name.as_str() {
                "skill_t" => network.metric("skill").t,
                name => network.value(name),
            };
            assert_close(name, found, number(&case["expected"], name));
        }
    }
}

/// The last price is the control `zero`: it has no skill, and nearly all of the R2 of a price level.
#[test]
fn the_last_price_explains_a_level_without_skill() {
    let report = report(&cases()[0]);
    let zero = &report.forecasters[1];
    assert_eq!(zero.name, "zero");
    assert_eq!(zero.value("skill"), Some(0.0));
    assert_eq!(zero.value("diebold_mariano_p"), None);
    let level = report.forecasters[0].value("price_r2").unwrap();
    assert!(level > 0.7 && zero.value("price_r2").unwrap() > level);
    assert!(zero.value("return_r2").unwrap() <= 0.0);
    assert_eq!(zero.value("sign_drawdown"), None, "it holds nothing");
    let network = &report.forecasters[0];
    for name in ["mape", "skill", "directional_accuracy"] {
        let ([low, high], value) = (
            network.interval(name).unwrap(),
            network.value(name).unwrap(),
        );
        assert!(low < value && value < high, "{name}: {low} {value} {high}");
    }
}

/// What is not known to be a price is not scored as one.
#[test]
fn without_closes_there_are_no_scores_of_prices() {
    let case = &cases()[0];
    let rows = Rows {
        close: None,
        ..rows(case)
    };
    let report = score(&rows, &controls(&rows), &Options::default()).unwrap();
    for name in ["mape", "skill", "price_r2", "sign_sharpe"] {
        assert_eq!(report.forecasters[0].value(name), None, "{name}");
    }
    let mut negative = self::rows(case);
    negative.close.iter_mut().for_each(|close| close[3] = -1.0);
    let error = negative.checked().unwrap_err().to_string();
    assert!(error.contains("close"), "{error}");
}

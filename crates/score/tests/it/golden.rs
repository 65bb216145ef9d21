//! Golden numbers of numpy, scipy, pandas and arch, made by scripts/golden-evaluate.py and
//! scripts/golden-ic-a-day.py.

use golden::{assert_exact, floats, integers, read};
use score::{ForecastColumn, Options, Report, Rows, Value, score};
use serde_json::Value as Json;
use statistics::{ic_per_timestamp, summarize_ic, timestamp_groups};

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn statistics_rows(columns: &Json) -> Rows {
    Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: integers::<i64>(&columns["time"])
            .iter()
            .map(|time| time * 60_000)
            .collect(),
        symbol: integers(&columns["symbol"]),
        fold: integers(&columns["fold"]),
        realized: floats(&columns["realized"]),
        realized_delayed: floats(&columns["realized_delayed"]),
        controls: Vec::new(),
        trailing_volatility: None,
        volatility: floats(&columns["volatility"]),
        weight: floats(&columns["weight"]),
        symbols: ["A", "B", "C", "D", "E"].map(str::to_owned).to_vec(),
        bar_ms: 60_000,
        reach_bars: 15,
    }
}

#[test]
fn statistics_equal_those_of_numpy_scipy_and_pandas() {
    let golden = read(include_str!(
        "../../../statistics/tests/golden/statistics.json"
    ));
    let rows = statistics_rows(&golden["rows"]);
    let forecast = floats(&golden["rows"]["forecast"]);
    let forecaster = ForecastColumn {
        level: None,
        name: "network".to_owned(),
        run: Some("run".to_owned()),
        forecast,
    };
    let report = score(&rows, &[forecaster], &Options::default()).unwrap();
    let found = &report.forecasters[0];
    let expected = &golden["expected"];

    let folds = floats(&expected["folds"]);
    for (fold, expected) in found.folds.iter().zip(&folds) {
        assert_exact("fold", *fold, *expected);
    }
    let means = [
        ("folds", found.value("pearson")),
        ("weighted", found.value("weighted")),
        ("scaled", found.value("scaled")),
        ("neutral", found.value("neutral")),
        ("delayed", found.value("delayed")),
        ("delayed_neutral", found.value("delayed_neutral")),
        ("rank_correlation", found.value("rank_correlation")),
    ];
    for (name, value) in means {
        assert_exact(name, value, mean(&floats(&expected[name])));
    }
    let summaries = [
        (
            "ic",
            found.value("ic"),
            found.value("ic_std"),
            found.value("icir"),
        ),
        (
            "rank_ic",
            found.value("rank_ic"),
            found.value("rank_ic_std"),
            found.value("rank_icir"),
        ),
    ];
    for (name, mean, std, icir) in summaries {
        assert_exact(name, mean, expected[name]["mean"].as_f64().unwrap());
        assert_exact(name, std, expected[name]["std"].as_f64().unwrap());
        assert_exact(name, icir, expected[name]["icir"].as_f64().unwrap());
    }
    let forecast = floats(&golden["rows"]["forecast"]);
    let times = timestamp_groups(&rows.time_ms);
    let summary = summarize_ic(&ic_per_timestamp(&times, &forecast, &rows.realized));
    assert_eq!(
        summary.timestamps as u64,
        expected["ic"]["timestamps"].as_u64().unwrap()
    );
    for (name, value) in [
        ("mae", found.value("mae")),
        ("rmse", found.value("rmse")),
        ("directional_accuracy", found.value("directional_accuracy")),
    ] {
        assert_exact(name, value, expected[name].as_f64().unwrap());
    }
    for (coin, expected) in found.coins.values().zip(floats(&expected["coins"])) {
        assert_exact("coin", *coin, expected);
    }
}

fn bootstrap_report(golden: &Json, draws: usize) -> Report {
    let (timestamps, coins) = (
        golden["timestamps"].as_u64().unwrap(),
        golden["coins"].as_u64().unwrap(),
    );
    let length = (timestamps * coins) as usize;
    let rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: (0..length as i64)
            .map(|row| row / coins as i64 * 60_000)
            .collect(),
        symbol: (0..length as u32).map(|row| row % coins as u32).collect(),
        fold: vec![1; length],
        realized: floats(&golden["realized"]),
        realized_delayed: vec![f64::NAN; length],
        controls: Vec::new(),
        trailing_volatility: None,
        volatility: vec![f64::NAN; length],
        weight: vec![1.0; length],
        symbols: (0..coins).map(|coin| coin.to_string()).collect(),
        bar_ms: 60_000,
        reach_bars: 15,
    };
    let forecaster = |name: &str| ForecastColumn {
        level: None,
        name: name.to_owned(),
        run: Some("run".to_owned()),
        forecast: floats(&golden[name]),
    };
    let floor_ms = golden["expected"]["floor_bars"].as_i64().unwrap() * 60_000;
    let options = Options {
        draws,
        floor_ms,
        ..Options::default()
    };
    score(
        &rows,
        &[forecaster("first"), forecaster("second")],
        &options,
    )
    .unwrap()
}

/// The ends of two independent intervals of 10,000 draws each differ by about 0.04 standard
/// deviations of the draws (standard error of a 2.5 % quantile of a normal sample: 2.7 /
/// sqrt(draws), times sqrt(2)); four times that is allowed.
#[test]
fn intervals_equal_those_of_arch_within_the_noise_of_the_draws() {
    let golden = read(include_str!(
        "../../../statistics/tests/golden/bootstrap.json"
    ));
    let expected = &golden["expected"];
    let report = bootstrap_report(&golden, expected["draws"].as_u64().unwrap() as usize);
    let [first, second] = report.forecasters.as_slice() else {
        panic!("two forecasters")
    };
    assert_eq!(
        first.block_bars as u64,
        expected["first"]["block"].as_u64().unwrap()
    );
    assert_eq!(
        second.block_bars as u64,
        expected["second"]["block"].as_u64().unwrap()
    );
    let intervals = [
        ("first", first.interval("pearson")),
        ("second", second.interval("pearson")),
        ("first_neutral", first.interval("neutral")),
        ("difference", report.differences[0].interval("pearson")),
    ];
    for (name, interval) in intervals {
        let [low, high] = interval.unwrap_or_else(|| panic!("{name} has no interval"));
        let tolerance = 0.16 * expected[name]["std"].as_f64().unwrap();
        for (found, end) in [(low, "low"), (high, "high")] {
            let expected = expected[name][end].as_f64().unwrap();
            assert!(
                (found - expected).abs() < tolerance,
                "{name} {end}: {found}, expected {expected} ± {tolerance}"
            );
        }
    }
}

#[test]
fn the_ic_a_day_equals_that_of_pandas() {
    let golden = read(include_str!("../golden/ic_a_day.json"));
    let columns = &golden["rows"];
    let length = columns["time"].as_array().unwrap().len();
    let rows = Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: integers(&columns["time"]),
        symbol: integers(&columns["symbol"]),
        fold: integers(&columns["fold"]),
        realized: floats(&columns["realized_delayed"])
            .iter()
            .map(|value| if value.is_nan() { 0.0 } else { *value })
            .collect(),
        realized_delayed: floats(&columns["realized_delayed"]),
        controls: Vec::new(),
        trailing_volatility: Some(floats(&columns["trailing_volatility"])),
        volatility: vec![f64::NAN; length],
        weight: vec![1.0; length],
        symbols: ["A", "B", "C", "D"].map(str::to_owned).to_vec(),
        bar_ms: 3_600_000,
        reach_bars: 3,
    };
    let forecaster = |name: &str| ForecastColumn {
        level: None,
        name: name.to_owned(),
        run: Some("run".to_owned()),
        forecast: floats(&columns[name]),
    };
    let forecasters = [forecaster("first"), forecaster("second")];
    let report = score(&rows, &forecasters, &Options::default()).unwrap();
    // Returns over a day are shared by two days.
    let mut overlapping = rows;
    overlapping.reach_bars = 24;
    let a_day_ahead = score(&overlapping, &forecasters, &Options::default()).unwrap();
    for (score, a_day_ahead) in report.forecasters.iter().zip(&a_day_ahead.forecasters) {
        for name in ["ic_a_day", "ic_a_day_raw"] {
            let expected = &golden["expected"][&score.name][name];
            assert_day_mean(name, score.metric(name), expected);
            let robust = expected["t_of_a_day_ahead"].as_f64().unwrap();
            assert_exact(name, a_day_ahead.metric(name).t, robust);
        }
        let expected = &golden["expected"][&score.name]["ic_a_day"];
        for key in ["without_best_three", "best_day", "above_zero"] {
            let found = score.value(&format!("ic_a_day_{key}"));
            assert_exact(key, found, expected[key].as_f64().unwrap());
        }
    }
    for name in ["ic_a_day", "ic_a_day_raw"] {
        let expected = &golden["expected"]["difference"][name];
        assert_day_mean(name, report.differences[0].metric(name), expected);
        let robust = expected["t_of_a_day_ahead"].as_f64().unwrap();
        assert_exact(name, a_day_ahead.differences[0].metric(name).t, robust);
    }
}

/// The mean and t are equal; an interval's ends differ by the noise of two sets of draws, as in
/// [`intervals_equal_those_of_arch_within_the_noise_of_the_draws`], here of 2,000 draws on our side.
fn assert_day_mean(name: &str, found: Value, expected: &Json) {
    let number = |key: &str| expected[key].as_f64().unwrap();
    assert_exact(name, found.value, number("mean"));
    assert_exact(name, found.t, number("t"));
    let ends = found.interval.unwrap();
    for (end, key) in ends.into_iter().zip(["low", "high"]) {
        let tolerance = 0.26 * number("std");
        assert!(
            (end - number(key)).abs() < tolerance,
            "{name} {key}: {end}, expected {} ± {tolerance}",
            number(key)
        );
    }
}

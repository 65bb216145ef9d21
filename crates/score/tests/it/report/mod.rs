//! The report as a whole: what is in it, and what is undefined.

mod days;
mod metrics;
mod undefined;

use std::path::Path;

use score::{
    Estimate, ForecastColumn, INTERVAL_METRICS, METRICS, Metric, Options, Report, Rows,
    SHUFFLED_ORDERS, controls, metrics_reference, score, score_by,
};

use crate::rows::{CONTROL_NAMES, Noise, forecaster, rows};

fn report(rows: &Rows, models: &[ForecastColumn]) -> Report {
    let mut forecasters = models.to_vec();
    forecasters.extend(controls(rows));
    score(rows, &forecasters, &Options::default()).unwrap()
}

#[test]
fn a_skilled_forecaster_is_told_from_the_controls() {
    let rows = rows(3, 400, 5);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let [network, zero, last_return, negated, ..] = report.forecasters.as_slice() else {
        panic!("seven")
    };
    let [low, high] = network.interval("pearson").unwrap();
    let pearson = network.value("pearson").unwrap();
    assert!(
        0.1 < low && low < pearson && pearson < high,
        "{low} {pearson} {high}"
    );
    assert_eq!(
        (
            zero.value("pearson"),
            zero.interval("pearson"),
            zero.value("rank_ic")
        ),
        (None, None, None)
    );
    assert!(
        (last_return.value("pearson").unwrap() + negated.value("pearson").unwrap()).abs() < 1e-12
    );
    // Differences: with every control that has a score, so not with zero.
    let others: Vec<&str> = report
        .differences
        .iter()
        .map(|difference| difference.b.as_str())
        .collect();
    assert_eq!(others, CONTROL_NAMES[1..]);
    let difference = &report.differences[1];
    let expected = pearson - negated.value("pearson").unwrap();
    assert!((difference.value("pearson").unwrap() - expected).abs() < 1e-12);
    assert!(difference.interval("pearson").unwrap()[0] > 0.0);
}

#[test]
fn the_same_seed_gives_the_same_report_on_any_number_of_threads() {
    let rows = rows(2, 300, 3);
    let models = [
        forecaster("network", &rows, 0.2, 2),
        forecaster("lightgbm", &rows, 0.1, 3),
    ];
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| report(&rows, &models))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn a_copy_differs_from_its_original_by_exactly_nothing() {
    let rows = rows(2, 300, 3);
    let network = forecaster("network", &rows, 0.2, 2);
    let doubled = network.forecast.iter().map(|value| 2.0 * value).collect();
    let copy = ForecastColumn {
        name: "doubled".to_owned(),
        forecast: doubled,
        ..network.clone()
    };
    let report = report(&rows, &[network, copy]);
    let [low, high] = report.differences[0].interval("pearson").unwrap();
    assert!(
        low.abs() < 1e-12 && high.abs() < 1e-12,
        "draws are not paired: {low} to {high}"
    );
}

#[test]
fn a_planted_market_forecast_has_no_neutral_score() {
    let rows = rows(2, 300, 4);
    let market = |row: usize| {
        rows.realized[row / 4 * 4..row / 4 * 4 + 4]
            .iter()
            .sum::<f64>()
    };
    let forecast = (0..rows.len()).map(market).collect();
    let report = report(
        &rows,
        &[ForecastColumn {
            level: None,
            name: "market".to_owned(),
            run: Some("run".to_owned()),
            forecast,
        }],
    );
    assert!(report.forecasters[0].value("pearson").unwrap() > 0.5);
    assert_eq!(
        (
            report.forecasters[0].value("neutral"),
            report.forecasters[0].interval("neutral")
        ),
        (None, None)
    );
    let undefined = ["ic", "ic_a_day", "rank_ic_delayed"];
    assert_eq!(
        undefined.map(|name| report.forecasters[0].value(name)),
        [None; 3]
    );
    assert!(report.forecasters[0].value("ic_a_day_raw").unwrap() > 0.5);
}

#[test]
fn controls_are_what_their_names_say() {
    let mut rows = rows(2, 50, 3);
    rows.controls[0].forecast[4] = f64::NAN;
    let controls = controls(&rows);
    let names: Vec<&str> = controls
        .iter()
        .map(|control| control.name.as_str())
        .collect();
    assert_eq!(names, CONTROL_NAMES);
    assert!(controls.iter().all(ForecastColumn::is_control));
    assert_eq!(controls[1].forecast[4], 0.0);
}

//! The list of metrics, and what they write.

use super::*;

#[test]
fn the_rank_ic_has_an_interval_and_a_form_entered_a_bar_later() {
    let rows = rows(3, 600, 5);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let network = &report.forecasters[0];
    for (value, interval) in [
        (network.value("rank_ic"), network.interval("rank_ic")),
        (
            network.value("rank_ic_delayed"),
            network.interval("rank_ic_delayed"),
        ),
    ] {
        let (value, [low, high]) = (value.unwrap(), interval.unwrap());
        assert!(
            0.1 < low && low < value && value < high && high - low < 0.1,
            "{low} {value} {high}"
        );
    }
    // A tenth of the returns entered later are unknown: the mean is of other pairs.
    assert_ne!(network.value("rank_ic"), network.value("rank_ic_delayed"));
    let difference = &report.differences[0];
    let last_return = report
        .forecasters
        .iter()
        .find(|score| score.name == "last_return")
        .unwrap();
    assert_eq!(
        difference.value("rank_ic").unwrap(),
        network.value("rank_ic").unwrap() - last_return.value("rank_ic").unwrap()
    );
    assert!(
        difference.interval("rank_ic").unwrap()[0] > 0.0
            && difference.interval("rank_ic_delayed").is_some()
    );
    let copy = [
        forecaster("network", &rows, 0.3, 2),
        forecaster("copy", &rows, 0.3, 2),
    ];
    let ends = self::report(&rows, &copy).differences[0]
        .interval("rank_ic")
        .unwrap();
    assert_eq!(ends, [0.0, 0.0], "draws are paired");
}

#[test]
fn json_has_the_promised_keys_and_null_for_what_is_undefined() {
    let rows = rows(3, 300, 3);
    let json =
        serde_json::to_value(report(&rows, &[forecaster("network", &rows, 0.2, 2)])).unwrap();
    assert_eq!(
        (
            json["rows"].as_u64(),
            json["times"].as_u64(),
            json["folds"].as_u64()
        ),
        (Some(2700), Some(900), Some(3))
    );
    let network = &json["forecasters"][0];
    for key in [
        "name",
        "run",
        "ic_a_day",
        "ic_a_day_raw",
        "pearson",
        "interval",
        "folds",
        "interval_day",
        "block_bars",
        "weighted",
        "scaled",
        "neutral",
        "neutral_interval",
        "delayed",
        "delayed_interval",
        "delayed_neutral",
        "delayed_neutral_interval",
        "rank_correlation",
        "ic",
        "rank_ic",
        "rank_icir",
        "mae",
        "rmse",
        "directional_accuracy",
        "coins",
    ] {
        assert!(!network[key].is_null(), "{key} is missing");
    }
    let difference = &json["differences"][0];
    for key in [
        "a",
        "b",
        "a_run",
        "delayed",
        "delayed_interval",
        "delayed_neutral",
        "delayed_neutral_interval",
        "pearson",
        "interval",
        "neutral",
        "neutral_interval",
    ] {
        assert!(!difference[key].is_null(), "{key} is missing");
    }
    assert!(difference.as_object().unwrap().contains_key("b_run"));
    let zero = &json["forecasters"][1];
    assert_eq!(zero["name"], "zero");
    assert!(zero["pearson"].is_null() && zero["interval"].is_null() && zero["run"].is_null());
}

/// A metric of one's own is scored beside the others.
#[test]
fn a_metric_outside_the_list_is_scored() {
    const LARGEST: Metric = Metric {
        name: "largest",
        title: "largest",
        legend: "the largest forecast",
        of: |sample| Estimate::point(sample.forecast().iter().copied().reduce(f64::max)),
        ..Metric::FURTHER
    };
    let rows = rows(2, 300, 3);
    let network = forecaster("network", &rows, 0.2, 2);
    let largest = network.forecast.iter().copied().reduce(f64::max);
    let metrics = [METRICS, &[LARGEST]].concat();
    let report = score_by(&metrics, &rows, &[network], &Options::default()).unwrap();
    assert_eq!(report.forecasters[0].value("largest"), largest);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["forecasters"][0]["largest"].as_f64(), largest);
}

/// The book's page of metrics is the list; `UPDATE_REFERENCE=1` writes it.
#[test]
fn the_reference_of_metrics_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference/metrics.md");
    let expected = metrics_reference(METRICS, INTERVAL_METRICS);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is behind the list of metrics\nhint: UPDATE_REFERENCE=1 cargo test -p score --release reference",
        path.display()
    );
    let names: std::collections::BTreeSet<&str> =
        METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len(), "a name is twice in the list");
}

/// A fold's interval holds its score, and is wider than that of the mean over folds.
#[test]
fn folds_and_coins_have_intervals() {
    let rows = rows(4, 600, 3);
    let report = report(&rows, &[forecaster("network", &rows, 0.3, 2)]);
    let scored = &report.forecasters[0];
    let width = |[low, high]: [f64; 2]| high - low;
    for (score, interval) in scored.folds.iter().zip(&scored.fold_intervals) {
        let (score, [low, high]) = (score.unwrap(), interval.unwrap());
        assert!(
            low < score
                && score < high
                && width([low, high]) > width(scored.interval("pearson").unwrap())
        );
    }
    assert_eq!(
        scored.coins.keys().collect::<Vec<_>>(),
        scored.coin_intervals.keys().collect::<Vec<_>>()
    );
    for (coin, interval) in &scored.coin_intervals {
        let (score, [low, high]) = (scored.coins[coin].unwrap(), interval.unwrap());
        assert!(low < score && score < high, "{coin}");
    }
    assert!(
        report.forecasters[1].coin_intervals.is_empty(),
        "controls have none"
    );
}

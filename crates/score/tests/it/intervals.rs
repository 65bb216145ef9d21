//! Scores of prediction intervals, against numpy, and what has none. The golden numbers are made by
//! scripts/golden-intervals.py.

use golden::{assert_exact, floats, integers, list, number, read, whole};
use score::{
    INTERVAL_METRICS, IntervalScores, Options, PredictionIntervals, Rows, score_intervals,
};
use serde_json::Value as Json;

use crate::told;

fn golden() -> Json {
    read(include_str!("../golden/intervals.json"))
}

fn rows(golden: &Json) -> Rows {
    let columns = &golden["rows"];
    let realized = floats(&columns["realized"]);
    Rows {
        quantity: score::Quantity::Return,
        close: None,
        time_ms: integers(&columns["time_ms"]),
        symbol: integers(&columns["symbol"]),
        fold: integers(&columns["fold"]),
        realized_delayed: realized.clone(),
        controls: Vec::new(),
        trailing_volatility: Some(floats(&columns["volatility"])),
        volatility: vec![1.0; realized.len()],
        weight: vec![1.0; realized.len()],
        symbols: ["A", "B", "C"].map(str::to_owned).to_vec(),
        bar_ms: whole(golden, "bar_ms") as i64,
        reach_bars: whole(golden, "reach_bars"),
        realized,
    }
}

fn intervals(report: &Json) -> PredictionIntervals {
    PredictionIntervals {
        name: "network".to_owned(),
        run: Some("run".to_owned()),
        nominal: number(report, "coverage"),
        lower: floats(&report["lower"]),
        upper: floats(&report["upper"]),
    }
}

fn assert_scores(found: &IntervalScores, expected: &Json) {
    for (value, metric) in found.metrics.iter().zip(INTERVAL_METRICS) {
        let expected = &expected[metric.name];
        assert_exact(metric.name, Some(value.value), number(expected, "value"));
        let parts = value.folds.iter().chain(&value.terciles);
        let lists = [floats(&expected["folds"]), floats(&expected["terciles"])].concat();
        assert_eq!(parts.clone().count(), lists.len());
        for (found, expected) in parts.zip(lists) {
            match expected.is_nan() {
                true => assert_eq!(*found, None),
                false => assert_exact(metric.name, *found, expected),
            }
        }
    }
}

#[test]
fn scores_of_intervals_equal_those_of_numpy() {
    let golden = golden();
    let rows = rows(&golden);
    let all: Vec<PredictionIntervals> = list(&golden["reports"]).iter().map(intervals).collect();
    let found = score_intervals(&rows, &all, &Options::default()).unwrap();
    assert_eq!(found.len(), 2);
    for (found, expected) in found.iter().zip(list(&golden["reports"])) {
        assert_eq!(found.nominal, number(expected, "coverage"));
        assert_eq!(found.rows, whole(expected, "rows"));
        assert_eq!(found.folds_without, [1]);
        let [own, control] = found.forecasters.as_slice() else {
            panic!("a forecaster and the control")
        };
        assert_eq!(control.name, "past_quantiles");
        assert_scores(own, &expected["split"]);
        assert_scores(control, &expected["past_quantiles"]);
        for (own, control) in own.metrics.iter().zip(&control.metrics) {
            assert_eq!(own.minus_control, Some(own.value - control.value));
            assert_eq!(control.minus_control, None);
            let [low, high] = own.interval.unwrap();
            assert!(low <= own.value && own.value <= high, "{own:?}");
            let [low, high] = own.minus_control_interval.unwrap();
            assert!(low < high, "{own:?}");
        }
    }
}

/// The control of a fold knows nothing of the fold, nor of a target that reaches into it.
#[test]
fn past_quantiles_know_earlier_folds_alone() {
    let golden = golden();
    let before = rows(&golden);
    let all = [intervals(&golden["reports"][0])];
    let expected = score_intervals(&before, &all, &Options::default()).unwrap();
    let start_ms = before.time_ms[before.fold.iter().position(|fold| *fold == 3).unwrap()];
    let mut after = before.clone();
    for (time_ms, realized) in after.time_ms.iter().zip(&mut after.realized) {
        if time_ms + after.reach_bars as i64 * after.bar_ms >= start_ms {
            *realized *= 7.0;
        }
    }
    let found = score_intervals(&after, &all, &Options::default()).unwrap();
    let widths = |one: &[score::IntervalReport]| one[0].forecasters[1].metrics[1].folds.clone();
    assert_eq!(widths(&found), widths(&expected));
    let coverage = |one: &[score::IntervalReport]| one[0].forecasters[1].metrics[0].folds.clone();
    assert_ne!(coverage(&found), coverage(&expected));
}

#[test]
fn what_is_not_there_is_not_scored() {
    let golden = golden();
    let rows = rows(&golden);
    let options = Options::default();
    assert_eq!(score_intervals(&rows, &[], &options).unwrap(), []);
    let mut none = intervals(&golden["reports"][0]);
    none.lower.fill(f64::NAN);
    none.upper.fill(f64::NAN);
    assert_eq!(score_intervals(&rows, &[none], &options).unwrap(), []);
}

#[test]
fn bounds_that_do_not_fit_are_refused() {
    let golden = golden();
    let rows = rows(&golden);
    let good = intervals(&golden["reports"][0]);
    let mut short = good.clone();
    short.upper.pop();
    let mut crossed = good;
    let row = crossed
        .lower
        .iter()
        .position(|bound| !bound.is_nan())
        .unwrap();
    crossed.lower[row] = crossed.upper[row] + 1.0;
    let refused = |one: PredictionIntervals| {
        told(&score_intervals(&rows, &[one], &Options::default()).unwrap_err())
    };
    assert!(
        refused(short).starts_with("column `upper bound of network` has 431 values, expected 432")
    );
    let text = refused(crossed);
    assert!(
        text.contains("lower bound of network") && text.contains("at most the upper bound"),
        "{text}"
    );
}

//! What has no score.

use super::*;

#[test]
fn edge_cases_are_undefined_and_never_panic() {
    let single = rows(2, 400, 1);
    let scored = report(&single, &[forecaster("network", &single, 0.2, 2)]);
    assert!(scored.forecasters[0].interval("pearson").is_some());
    assert_eq!(
        (
            scored.forecasters[0].value("neutral"),
            scored.forecasters[0].value("rank_ic")
        ),
        (None, None)
    );
    for (folds, times, coins) in [(1, 1, 1), (1, 1, 5), (3, 2, 2), (5, 20, 3)] {
        let rows = rows(folds, times, coins);
        let scored = report(&rows, &[forecaster("network", &rows, 0.2, 2)]);
        assert_eq!(
            scored.forecasters[0].interval("pearson"),
            None,
            "{folds} folds of {times} times"
        );
    }
    let mut unknown = rows(1, 400, 2);
    unknown.realized_delayed.fill(f64::NAN);
    unknown.volatility.fill(f64::NAN);
    unknown.weight.fill(0.0);
    let scored = report(&unknown, &[forecaster("network", &unknown, 0.2, 2)]);
    let network = &scored.forecasters[0];
    assert_eq!(
        (
            network.value("delayed"),
            network.value("scaled"),
            network.value("weighted")
        ),
        (None, None, None)
    );
    assert_eq!(
        (
            network.interval("delayed"),
            scored.differences[0].interval("delayed")
        ),
        (None, None)
    );
}

#[test]
fn a_fold_without_a_score_is_left_out_and_said() {
    let rows = rows(3, 300, 3);
    let mut network = forecaster("network", &rows, 0.3, 2);
    for (forecast, fold) in network.forecast.iter_mut().zip(&rows.fold) {
        if *fold == 2 {
            *forecast = 0.1;
        }
    }
    let report = report(&rows, &[network]);
    let scored = &report.forecasters[0];
    let (first, third) = (scored.folds[0].unwrap(), scored.folds[2].unwrap());
    assert_eq!(scored.folds[1], None);
    assert!((scored.value("pearson").unwrap() - (first + third) / 2.0).abs() < 1e-12);
    let last_return = &report.forecasters[2].folds;
    let expected = (first - last_return[0].unwrap() + third - last_return[2].unwrap()) / 2.0;
    assert!((report.differences[0].value("pearson").unwrap() - expected).abs() < 1e-12);
}

/// Whatever the constant: its mean over many rows is rounded, and what is left is no spread.
#[test]
fn a_constant_forecast_has_no_score_whatever_the_constant() {
    let rows = rows(2, 3000, 4);
    for constant in [
        1.0,
        0.001,
        0.1,
        0.000_01,
        -0.000_37,
        0.000_127_104_602_619_738_46,
    ] {
        let network = ForecastColumn {
            forecast: vec![constant; rows.len()],
            ..forecaster("network", &rows, 0.0, 2)
        };
        let report = report(&rows, std::slice::from_ref(&network));
        let score = &report.forecasters[0];
        let values = [
            score.value("pearson"),
            score.value("delayed"),
            score.value("neutral"),
            score.value("delayed_neutral"),
            score.value("scaled"),
            score.value("weighted"),
        ];
        assert_eq!(values, [None; 6], "{constant}");
        let ranks = [
            score.value("rank_correlation"),
            score.value("rank_ic"),
            score.value("rank_ic_delayed"),
            score.value("ic"),
        ];
        assert_eq!(ranks, [None; 4], "{constant}");
        let intervals = [
            score.interval("pearson"),
            score.interval("scaled"),
            score.interval("neutral"),
            score.interval("rank_ic"),
        ];
        assert_eq!(intervals, [None; 4], "{constant}");
        assert!(score.coins.values().all(Option::is_none), "{constant}");
        assert_eq!(
            report.shuffled.as_ref().unwrap().spread("pearson"),
            None,
            "{constant}"
        );
    }
}

#[test]
fn deviations_from_a_mean_are_controls_and_unknown_ones_have_no_score() {
    let mut rows = rows(2, 400, 3);
    let network = [forecaster("network", &rows, 0.3, 2)];
    let negated = rows.control("negated_deviation_60m").unwrap().to_vec();
    let known = report(&rows, &network);
    let score_of = |report: &Report, name: &str| {
        report
            .forecasters
            .iter()
            .find(|score| score.name == name)
            .cloned()
    };
    let by_hand = ForecastColumn {
        level: None,
        name: "by hand".to_owned(),
        run: Some("run".to_owned()),
        forecast: negated,
    };
    let mut by_hand = score(&rows, &[by_hand], &Options::default()).unwrap();
    let by_hand = by_hand.forecasters.remove(0);
    let found = score_of(&known, "negated_deviation_60m").unwrap();
    assert_eq!(
        (found.value("pearson"), found.interval("pearson")),
        (by_hand.value("pearson"), by_hand.interval("pearson"))
    );
    assert!(found.value("pearson").unwrap() > 0.05 && found.value("mae").is_some());

    // A table of an older version: no score, no error.
    let unknown = rows.controls[2..].iter_mut();
    unknown.for_each(|control| control.forecast.fill(f64::NAN));
    let old = report(&rows, &network);
    let unknown = score_of(&old, "negated_deviation_60m").unwrap();
    assert_eq!(
        (
            unknown.value("pearson"),
            unknown.value("mae"),
            unknown.value("rmse"),
            unknown.value("rank_ic")
        ),
        (None, None, None, None)
    );
    assert_eq!(
        old.forecasters[0], known.forecasters[0],
        "other scores stay"
    );
}

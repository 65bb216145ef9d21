use super::*;
use crate::{CandleTable, TargetConfig};
use market::Symbol;
use proptest::prelude::*;

fn panel(rows: usize, hole: Range<usize>) -> Panel {
    let mut candles = CandleTable::default();
    for row in (0..rows).filter(|row| !hole.contains(row)) {
        let mut values = [f64::NAN; Column::ALL.len()];
        values[Column::Close as usize] = 1.0 + (row % 7) as f64;
        candles.push_row(row as i64 * 60_000, values);
    }
    let coins = [(Symbol::new("AUSDT").unwrap(), candles)];
    Panel::build(
        &coins,
        "1m".parse().unwrap(),
        (0, rows as i64 * 60_000),
        60,
        &[],
    )
}

proptest! {
    #[test]
    fn no_target_crosses_a_boundary(
        rows in 400usize..900, folds in 0usize..6, test_bars in prop_oneof![Just(0usize), 20usize..120], horizon in 1usize..10, embargo in 0usize..5,
        refit_bars in prop_oneof![Just(0usize), 7usize..90], score_bars in prop_oneof![Just(0usize), 2usize..9], share in 0.0..0.5f64, rolling: bool, hole in 100usize..300,
    ) {
        let panel = panel(rows, hole..hole + 70);
        let span = |bars: usize| TimeSpan::minutes(bars as i64);
        let target = TargetConfig { horizon: span(horizon), ..Default::default() };
        let test = (test_bars > 0).then(|| span(test_bars));
        let config = SplitConfig {
            train: test.map(|_| span(150)), test,
            scheme: if rolling { Scheme::Rolling } else { Scheme::Expanding },
            folds: (folds > 0).then_some(folds), embargo: span(embargo), early_stopping_share: share, history_bars: 5,
            refit_every: (refit_bars > 0).then(|| span(refit_bars)),
            score_every: (score_bars > 0).then(|| span(score_bars)),
        };
        prop_assume!(config.validate(Interval::ONE_MINUTE).is_ok());
        let Ok(plan) = config.plan(&panel, &target.compute(&panel), horizon) else { return Ok(()) };
        prop_assert!(plan.folds.len() == folds || folds == 0 && !plan.folds.is_empty());
        for (index, fold) in plan.folds.iter().enumerate() {
            for fit in std::iter::once(fold).chain(&fold.refits) {
                prop_assert!(!fit.train.is_empty() && !fit.score.is_empty());
                prop_assert!(fit.train.end + horizon + embargo <= fit.score.start);
                if !fit.stop.is_empty() {
                    prop_assert!(fit.train.end + horizon + embargo <= fit.stop.start);
                    prop_assert!(fit.stop.end + horizon + embargo <= fit.score.start);
                }
            }
            // Refits forecast the fold's time without a gap, the first one from the fold's own fit.
            let fits = fold.fits();
            prop_assert_eq!(fits[0].score.start, fold.score.start);
            prop_assert_eq!((&fits[0].train, &fits[0].stop), (&fold.train, &fold.stop));
            prop_assert_eq!(fits[fits.len() - 1].score.end, fold.score.end);
            for pair in fits.windows(2) {
                prop_assert_eq!(pair[0].score.end, pair[1].score.start);
                prop_assert_eq!(pair[1].score.start % refit_bars, 0);
            }
            // Without `test` a fold begins with a row that is scored.
            if score_bars > 0 && test_bars == 0 {
                prop_assert!(config.is_scored(&panel, fold.score.start));
                prop_assert_eq!((fold.score.start + 1) % score_bars, 0);
            }
            if index > 0 {
                prop_assert_eq!(plan.folds[index - 1].score.end, fold.score.start);
            }
        }
    }
}

#[test]
fn folds_of_given_lengths_roll_back_from_the_end() {
    let panel = panel(1000, 0..0);
    let target = TargetConfig {
        horizon: TimeSpan::minutes(1),
        ..Default::default()
    };
    let config = SplitConfig {
        scheme: Scheme::Rolling,
        folds: None,
        train: Some(TimeSpan::minutes(300)),
        test: Some(TimeSpan::minutes(100)),
        early_stopping_share: 0.2,
        history_bars: 5,
        ..Default::default()
    };
    let plan = |config: &SplitConfig| {
        config
            .plan(&panel, &target.compute(&panel), 1)
            .unwrap()
            .folds
    };
    // Usable are rows 5 to 998: 994 bars hold 300 + 1 before six spans of 100.
    let folds = plan(&config);
    let starts: Vec<usize> = folds.iter().map(|fold| fold.score.start).collect();
    assert_eq!(starts, [399, 499, 599, 699, 799, 899]);
    assert_eq!(
        folds[5],
        Fold {
            number: 6,
            train: 598..837,
            stop: 838..898,
            score: 899..999,
            ..Fold::default()
        }
    );
    let last = plan(&SplitConfig {
        folds: Some(2),
        ..config.clone()
    });
    assert_eq!(
        last.iter()
            .map(|fold| fold.score.clone())
            .collect::<Vec<_>>(),
        [799..899, 899..999]
    );
    let expanding = plan(&SplitConfig {
        scheme: Scheme::Expanding,
        ..config.clone()
    });
    assert_eq!((expanding.len(), expanding[5].train.start), (6, 0));
    let error = SplitConfig {
        folds: Some(7),
        ..config
    }
    .plan(&panel, &target.compute(&panel), 1)
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("folds of 100m: found 994 rows, expected at least 1001"),
        "{error}"
    );
}

#[test]
fn refits_are_the_folds_of_their_length() {
    let panel = panel(1000, 0..0);
    let target = TargetConfig {
        horizon: TimeSpan::minutes(1),
        ..Default::default()
    };
    for scheme in [Scheme::Expanding, Scheme::Rolling] {
        let config = SplitConfig {
            scheme,
            folds: None,
            train: Some(TimeSpan::minutes(291)),
            test: Some(TimeSpan::minutes(111)),
            history_bars: 5,
            ..Default::default()
        };
        let plan = |config: &SplitConfig| {
            config
                .plan(&panel, &target.compute(&panel), 1)
                .unwrap()
                .folds
        };
        // Six folds end with row 999, where the grid of 111 minutes has a line.
        let folds = plan(&config);
        let [fold] = &plan(&SplitConfig {
            folds: Some(1),
            test: Some(TimeSpan::minutes(6 * 111)),
            refit_every: config.test,
            ..config.clone()
        })[..] else {
            panic!("expected one fold")
        };
        assert_eq!(fold.refits.len(), folds.len());
        for (number, (refit, alone)) in (1..).zip(fold.refits.iter().zip(folds)) {
            assert_eq!(refit.to_string(), format!("fold 1 refit {number}"));
            assert_eq!(refit.dir(), format!("fold-1/refit-{number}"));
            let renamed = Fold {
                number,
                refit: None,
                ..refit.clone()
            };
            assert_eq!(renamed, alone);
        }
    }
}

#[test]
fn all_folds_need_the_length_of_one() {
    let check = |folds, test: Option<TimeSpan>| {
        let train = test;
        let config = SplitConfig {
            folds,
            train,
            test,
            ..Default::default()
        };
        let checked = config.validate(Interval::ONE_MINUTE);
        checked.map_err(|error| error.to_string())
    };
    let day = Some(TimeSpan::minutes(1440));
    assert_eq!(check(None, day), Ok(()));
    assert_eq!(check(Some(7), None), Ok(()));
    let refused = check(None, None).unwrap_err();
    assert!(refused.starts_with("split.folds = \"all\": "), "{refused}");
    let refused = check(Some(MOST_FOLDS + 1), day).unwrap_err();
    assert!(refused.contains("1 to 10000 folds"), "{refused}");
}

#[test]
fn too_little_time_is_an_error() {
    let panel = panel(80, 0..0);
    let target = TargetConfig::default();
    let error = SplitConfig::default()
        .plan(&panel, &target.compute(&panel), 15)
        .unwrap_err();
    assert!(error.to_string().contains("7 folds: found"), "{error}");
}

/// Rows that close at 5, 10, ... minutes, in parts that differ by one row at most.
#[test]
fn scored_rows_are_cut_into_even_parts() {
    let panel = panel(500, 0..0);
    let target = TargetConfig {
        horizon: TimeSpan::minutes(1),
        ..Default::default()
    };
    let config = SplitConfig {
        folds: Some(7),
        early_stopping_share: 0.0,
        history_bars: 13,
        score_every: Some(TimeSpan::minutes(5)),
        ..Default::default()
    };
    let targets = target.compute(&panel);
    let plan = config.plan(&panel, &targets, 1).unwrap();
    // Rows 14, 19, ... 494 are 97: a fold begins with the one of place floor(97 i / 8).
    let starts: Vec<usize> = plan.folds.iter().map(|fold| fold.score.start).collect();
    let expected: Vec<usize> = (1..8).map(|part| 14 + 5 * (97 * part / 8)).collect();
    assert_eq!(starts, expected);
    assert_eq!(plan.folds[6].score.end, 495);
    let five: Interval = "5m".parse().unwrap();
    let config = SplitConfig {
        score_every: Some(TimeSpan::minutes(7)),
        ..config
    };
    let error = config.validate(five).unwrap_err().to_string();
    assert!(
        error.starts_with("split.score_every = 7m: expected a multiple"),
        "{error}"
    );
}

//! The cut on P(High) against numpy, on the made panel of volatilities.

use rules::{AlarmCosts, ExposureOptions, ExposureReport, ExposureRule, FoldCut, exposure};
use score::Rows;

use crate::volatilities::{har, returns, rows};

fn report(rows: &Rows, costs: Option<(f64, f64)>) -> ExposureReport {
    let options = ExposureOptions {
        hedge: "COIN0".to_owned(),
        alarm_costs: costs.map(|(miss, alarm)| AlarmCosts { miss, alarm }),
        ..ExposureOptions::default()
    };
    exposure(rows, &[har()], &returns(), &options).unwrap()
}

/// Cut, share called, recall, precision, cost, cost of always, cost of never.
#[track_caller]
fn check(found: &FoldCut, expected: [f64; 7]) {
    let figures = &found.figures;
    let found = [
        found.cut.probability,
        figures.called,
        figures.recall.unwrap(),
        figures.precision.unwrap(),
        figures.cost,
        figures.cost_always,
        figures.cost_never,
    ];
    for (found, expected) in found.into_iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{found}, expected {expected}"
        );
    }
}

/// The first fold takes the cut of right probabilities, the second the cheapest on the first one's
/// rows whose targets end before it: 93 days of nine coins.
#[test]
fn cuts_and_costs_equal_numpy() {
    let report = report(&rows(), Some((5.0, 1.0)));
    let [cuts] = report.cuts.as_slice() else {
        panic!("{:?}", report.cuts);
    };
    check(
        &cuts.folds[0],
        [
            1.0 / 6.0,
            0.891_111_111_111_111_1,
            0.981_012_658_227_848_1,
            0.386_533_665_835_411_5,
            0.58,
            0.648_888_888_888_888_8,
            1.755_555_555_555_555_5,
        ],
    );
    check(
        &cuts.folds[1],
        [
            0.194_527_176_087_481_93,
            0.801_111_111_111_111_1,
            0.942_857_142_857_142_8,
            0.411_927_877_947_295_4,
            0.571_111_111_111_111_1,
            0.65,
            1.75,
        ],
    );
    assert_eq!(cuts.folds[0].cut.outcomes, 0);
    assert_eq!(cuts.folds[1].cut.outcomes, 93 * 9);
    assert_eq!(cuts.all.rows, 1800);
    let minus = cuts.minus_always.value.unwrap();
    assert!((minus - (cuts.all.cost - cuts.all.cost_always)).abs() < 1e-12);
    assert!(cuts.minus_always.interval.is_some() && cuts.minus_never.interval.is_some());
}

/// The rules follow the cuts: what is called is what is reduced.
#[test]
fn the_rule_reduces_where_high_is_called() {
    let costs = Some((1.0, 1.0));
    let report = report(&rows(), costs);
    let cuts = &report.cuts[0];
    assert!((cuts.folds[1].cut.probability - 0.423_892_459_277_915_75).abs() < 1e-12);
    let mut results = report.results.iter();
    let reduced = results
        .find(|one| one.rule == ExposureRule::ReduceHigh)
        .unwrap();
    // Half of a coin in place of 1 at the called rows, of those with a return.
    let returns = returns();
    let called: Vec<bool> = {
        let cut = |row: usize| cuts.folds[usize::from(row >= 900)].cut.probability;
        let high = &har().level.unwrap().regimes.unwrap().probability[2];
        (0..1800).map(|row| high[row] >= cut(row)).collect()
    };
    let held = (0..1800).filter(|row| returns[*row].is_finite());
    let exposures: Vec<f64> = held
        .map(|row| if called[row] { 0.5 } else { 1.0 })
        .collect();
    let mean = exposures.iter().sum::<f64>() / exposures.len() as f64;
    assert!((reduced.figures.exposure - mean).abs() < 1e-12);
}

/// Whatever comes in a fold, its cut stays; without costs there are no cuts.
#[test]
fn a_cut_knows_nothing_of_its_fold() {
    let before = report(&rows(), Some((5.0, 1.0)));
    let mut changed = rows();
    // The targets of the last 7 days before the second fold reach into it.
    for row in 93 * 9..1800 {
        changed.realized[row] = if row % 2 == 0 { 3.0 } else { -9.0 };
    }
    let after = report(&changed, Some((5.0, 1.0)));
    let cuts = |report: &ExposureReport| -> Vec<f64> {
        let folds = report.cuts[0].folds.iter();
        folds.map(|fold| fold.cut.probability).collect()
    };
    assert_eq!(cuts(&before), cuts(&after));
    assert!(report(&rows(), None).cuts.is_empty());
}

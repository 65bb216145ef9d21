//! What a forecast and its coefficients know: nothing later than they may.

use dataset::{FurtherPanel, TimeSpan};
use linear::{RidgeFit, RidgeModel};

use crate::support::{BAR_MS, BARS, COINS, FILL_BARS, START_MS, dataset, options, panel};

fn fit(dataset: &dataset::Dataset) -> RidgeModel {
    RidgeFit::fit(dataset, &dataset.plan.folds[0], options()).unwrap()
}

/// Bits of forecasts, None where there are none.
fn bits(forecasts: &[Result<f64, String>]) -> Vec<Option<u64>> {
    let of = |forecast: &Result<f64, String>| forecast.as_ref().ok().map(|value| value.to_bits());
    forecasts.iter().map(of).collect()
}

#[test]
fn no_forecast_knows_a_later_candle() {
    let fitted = fit(&dataset(panel(0, BARS)));
    for t in [900usize, 1151, 1300] {
        let rows: Vec<usize> = (870..=t).collect();
        let before = bits(&fitted.forecast(&panel(0, BARS), &rows));
        let after = bits(&fitted.forecast(&panel(0, t as i64 + 1), &rows));
        assert_eq!(before, after, "a candle after {t}");
        let changed = bits(&fitted.forecast(&panel(0, t as i64), &rows));
        assert_ne!(before, changed, "the candle at {t}");
    }
}

#[test]
fn no_coefficient_knows_its_own_day_or_a_later_one() {
    let before = fit(&dataset(panel(0, BARS)));
    for (day, number) in [(3, 0), (4, 1), (5, 2)] {
        let from = day * 288;
        let after = fit(&dataset(panel(0, from)));
        assert_eq!(before.refits()[number].from_ms, START_MS + from * BAR_MS);
        assert_eq!(
            before.refits()[..=number],
            after.refits()[..=number],
            "day {day}"
        );
        // The day before, they know.
        let after = fit(&dataset(panel(0, from - 100)));
        assert_ne!(before.refits()[number], after.refits()[number], "day {day}");
    }
}

/// The days of another panel are learnt from as the run's own are: from the next day on.
#[test]
fn no_coefficient_knows_its_own_day_of_another_panel() {
    let with = |bars: i64| {
        let mut joint = dataset(panel(0, BARS));
        let (name, other) = ("other".to_owned(), dataset(panel(0, bars)));
        joint.further.push(FurtherPanel {
            name,
            dataset: other,
        });
        fit(&joint)
    };
    let joint = with(BARS);
    let alone = fit(&dataset(panel(0, BARS)));
    assert_eq!(joint.refits()[0].rows, 2 * alone.refits()[0].rows);
    assert_ne!(joint.refits()[0].own, alone.refits()[0].own);
    for (day, number) in [(3, 0), (4, 1), (5, 2)] {
        let from = day * 288;
        assert_eq!(joint.refits()[..=number], with(from).refits()[..=number]);
        assert_ne!(joint.refits()[number], with(from - 100).refits()[number]);
    }
}

#[test]
fn an_embargo_is_kept_before_every_refit() {
    let mut kept = dataset(panel(0, BARS));
    kept.config.split.embargo = TimeSpan::minutes(500);
    let mut changed = dataset(panel(0, 4 * 288 - 99));
    changed.config.split.embargo = TimeSpan::minutes(500);
    assert_eq!(fit(&kept).refits()[..2], fit(&changed).refits()[..2]);
}

#[test]
fn a_live_forecast_has_the_bits_of_the_offline_one() {
    let fitted = fit(&dataset(panel(0, BARS)));
    let rows: Vec<usize> = (864..BARS as usize).collect();
    let offline = bits(&fitted.forecast(&panel(0, BARS), &rows));
    for t in [864usize, 900, 1151, 1152, 1300, 1499] {
        let first = t + 1 - fitted.history_bars() - FILL_BARS;
        let live = fitted.forecast(&panel(first as i64, BARS), &[t - first]);
        let place = (t - 864) * COINS;
        assert_eq!(bits(&live), offline[place..place + COINS], "row {t}");
    }
    // In any order and company.
    let some = fitted.forecast(&panel(0, BARS), &[1300, 900, 901]);
    let place = |t: usize| (t - 864) * COINS..(t - 863) * COINS;
    let expected = [1300, 900, 901].map(|t| &offline[place(t)]).concat();
    assert_eq!(bits(&some), expected);
}

#[test]
fn a_fold_has_the_coefficients_that_it_has_alone() {
    let dataset = dataset(panel(0, BARS));
    let fold = &dataset.plan.folds[0];
    let together = RidgeFit::new(&dataset, options()).unwrap();
    assert_eq!(together.fold(&dataset, fold).unwrap(), fit(&dataset));
}

#[test]
fn refits_in_one_go_are_those_of_each_piece_alone() {
    let dataset = dataset(panel(0, BARS));
    let together = fit(&dataset);
    let refits = &dataset.plan.folds[0].refits;
    assert_eq!(together.refits().len(), refits.len());
    for (refit, piece) in together.refits().iter().zip(refits) {
        let alone = RidgeFit::fit(&dataset, piece, options()).unwrap();
        assert_eq!(alone.refits(), std::slice::from_ref(refit));
        // The forecasts of the piece are its own, and not those of the refit before.
        let rows: Vec<usize> = piece.score.clone().collect();
        let found = bits(&together.forecast(&dataset.panel, &rows));
        assert_eq!(found, bits(&alone.forecast(&dataset.panel, &rows)));
    }
}

#[test]
fn shuffled_targets_are_fitted_to_once() {
    let mut dataset = dataset(panel(0, BARS));
    dataset.config.target.shuffle_seed = Some(7);
    let fitted = fit(&dataset);
    assert_eq!(fitted.refits().len(), 1);
    dataset.config.target.shuffle_seed = None;
    assert_ne!(fitted.refits()[0], fit(&dataset).refits()[0]);
}

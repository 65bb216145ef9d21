//! A member of pure noise.

use ensemble::{FoldWeights, combine_in_units};
use score::{Rows, daily_ics};
use statistics::mean;

use crate::support::{COINS, FOLD_HOURS, Market, fit, fit_with_prior};

/// Markets that are looked at.
const SEEDS: u64 = 40;

/// What a member of noise may cost in any of them, as a share of the IC a day of the others.
const TOLERANCE: f64 = 0.03;

/// Mean over days of folds 2 and 3.
fn ic_a_day(rows: &Rows, members: &[Vec<f64>], folds: &[FoldWeights]) -> f64 {
    let units = rows.trailing_volatility.as_deref().unwrap();
    let mut forecast = Vec::new();
    for first in (0..rows.len()).step_by(COINS) {
        let time = first..first + COINS;
        let members: Vec<&[f64]> = members.iter().map(|m| &m[time.clone()]).collect();
        let weights = &folds[rows.fold[first] as usize - 1].weights;
        forecast.extend(combine_in_units(weights, &members, &units[time]));
    }
    let days: Vec<f64> = daily_ics(rows, &forecast).into_iter().flatten().collect();
    mean(&days[FOLD_HOURS / 24..])
}

#[test]
fn noise_gets_no_weight_and_costs_nothing() {
    let (mut silent, mut costs) = (0, Vec::new());
    let mut believed_costs = Vec::new();
    for seed in 1..=SEEDS {
        let Market { rows, members } = Market::new(seed);
        let with = fit(&rows, &members, 1.0);
        let without = fit(&rows, &members[..2], 1.0);
        let before = ic_a_day(&rows, &members[..2], &without);
        assert!(before > 0.08, "{seed}: {before}");
        let cost = 1.0 - ic_a_day(&rows, &members, &with) / before;
        assert!(cost < TOLERANCE, "{seed}: {cost}");
        costs.push(cost);
        let believed = fit_with_prior(&rows, &members, 1.0, 30.0);
        believed_costs.push(1.0 - ic_a_day(&rows, &members, &believed) / before);
        for fold in &with[1..] {
            let own = &fold.weights.own;
            assert!(own[0] > 0.0 && own[2] < own[0] / 3.0, "{seed}: {own:?}");
            silent += usize::from(own[2] == 0.0);
        }
    }
    // One standard error is taken off: luck is above it one time in six.
    let share = silent as f64 / (2 * SEEDS) as f64;
    assert!(share > 0.75, "{share}");
    assert!(mean(&costs) < 0.004, "{}", mean(&costs));
    // Who believes a month long that noise is as good as the others pays a little for it.
    assert!(mean(&believed_costs) < 0.03, "{}", mean(&believed_costs));
}

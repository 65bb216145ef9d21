//! What weights know.

use ensemble::Weights;

use crate::support::{COINS, FOLD_HOURS, HOUR_MS, Market, fit, fit_with_prior};

/// Whatever happens in fold k or later, or ends there, changes no weight of fold k; the hours
/// before decide it.
#[test]
fn weights_know_nothing_of_their_own_fold() {
    let before = Market::new(1);
    let expected = fit(&before.rows, &before.members, 1.0);
    for fold in 1..=3usize {
        let mut after = Market::new(1);
        let start_ms = ((fold - 1) * FOLD_HOURS) as i64 * HOUR_MS;
        for row in 0..after.rows.len() {
            let time_ms = after.rows.time_ms[row];
            if time_ms >= start_ms {
                for member in &mut after.members {
                    member[row] = 7.0 - 3.0 * member[row];
                }
                after.rows.trailing_volatility.as_mut().unwrap()[row] *= 2.0;
            }
            // A return entered an hour later, over two hours, and an hour's embargo.
            if time_ms + 4 * HOUR_MS >= start_ms {
                after.rows.realized_delayed[row] = -0.9;
            }
        }
        let found = fit(&after.rows, &after.members, 1.0);
        assert_eq!(found[..fold], expected[..fold], "fold {fold}");
        if fold < 3 {
            assert_ne!(found[fold].weights, expected[fold].weights);
        }
    }
    let mut earlier = Market::new(1);
    // The last hour whose return is known with the embargo.
    earlier.rows.realized_delayed[(FOLD_HOURS - 5) * COINS] = 0.9;
    let found = fit(&earlier.rows, &earlier.members, 1.0);
    assert_ne!(found[1].weights, expected[1].weights);
}

#[test]
fn the_first_member_stands_alone_until_something_is_known() {
    let market = Market::new(2);
    let folds = fit(&market.rows, &market.members, 1.0);
    let alone = Weights::first(3);
    assert_eq!((folds[0].events, &folds[0].weights), (0.0, &alone));
    assert_eq!(folds[1].events, 20.0, "days");
    // And where nothing is worth anything.
    let mut turned = Market::new(2);
    for member in &mut turned.members {
        member
            .iter_mut()
            .for_each(|forecast| *forecast = -*forecast);
    }
    let folds = fit(&turned.rows, &turned.members[..2], 3.0);
    assert_eq!(folds[2].weights, Weights::first(2));
}

/// Where the coins' own parts were worth nothing but the market's were, there is still a forecast of
/// each coin.
#[test]
fn the_market_never_stands_alone() {
    let mut market = Market::new(5);
    let returns = market.rows.realized_delayed.clone();
    let units = market.rows.trailing_volatility.clone().unwrap();
    for first in (0..market.rows.len()).step_by(COINS) {
        let time = first..first + COINS;
        let of = |row: usize| returns[row].ln_1p() / units[row];
        let mean = time.clone().map(of).sum::<f64>() / COINS as f64;
        // The mean of all coins is foretold; which of them goes further is told the wrong way round.
        for row in time {
            market.members[0][row] = (2.0 * mean - of(row)) * units[row];
        }
    }
    let folds = fit(&market.rows, &market.members[..1], 1.0);
    for fold in &folds {
        assert!(
            fold.weights.market[0] > 0.5 && fold.weights.own == [1.0],
            "{fold:?}"
        );
    }
}

/// Members have the same say, each in its own scale, as long as the prior outweighs the days.
#[test]
fn a_prior_gives_members_the_same_say_until_days_decide() {
    let mut market = Market::new(6);
    market.members[1]
        .iter_mut()
        .for_each(|forecast| *forecast *= 10.0);
    let shares = |prior_days: f64, fold: usize| {
        let folds = fit_with_prior(&market.rows, &market.members, 1.0, prior_days);
        let own = &folds[fold].weights.own;
        let alike = [own[0], own[1] * 10.0, own[2]];
        let sum: f64 = alike.iter().sum();
        alike.map(|weight| weight / sum)
    };
    for share in shares(1e6, 1) {
        assert!((share - 1.0 / 3.0).abs() < 0.01, "{share}");
    }
    // The first member has an IC of .14, the second one of .1, and the third is noise: by 20 days
    // and by 40, beside 30 prior ones on which each has .03.
    let (by_20, by_40) = (shares(30.0, 1), shares(30.0, 2));
    assert!(by_20[0] > by_20[1] && by_20[1] > by_20[2], "{by_20:?}");
    assert!(
        by_40[2] < by_20[2] && by_40[2] < 0.12,
        "{by_20:?} {by_40:?}"
    );
}

/// An hour of enormous returns is clipped, and its day counts as any other.
#[test]
fn a_wild_hour_decides_nothing() {
    let calm = Market::new(3);
    let mut wild = Market::new(3);
    for row in 100 * COINS..101 * COINS {
        // The first member is wrong by hundreds of volatilities.
        wild.rows.realized_delayed[row] = if wild.members[0][row] > 0.0 {
            -0.9
        } else {
            9.0
        };
    }
    let weights = |market: &Market| fit(&market.rows, &market.members, 1.0)[2].weights.clone();
    let (calm, wild) = (weights(&calm), weights(&wild));
    for (calm, wild) in calm.own.iter().zip(&wild.own) {
        assert!((calm - wild).abs() < 0.25, "{calm} {wild}");
    }
}

#[test]
fn the_loudness_of_a_member_does_not_matter() {
    let (quiet, mut loud) = (Market::new(4), Market::new(4));
    loud.members[1]
        .iter_mut()
        .for_each(|forecast| *forecast *= 1000.0);
    let quiet = fit(&quiet.rows, &quiet.members, 1.0);
    let loud = fit(&loud.rows, &loud.members, 1.0);
    for (quiet, loud) in quiet[1..].iter().zip(&loud[1..]) {
        let (quiet, loud) = (&quiet.weights.own, &loud.weights.own);
        let ratios = [loud[0] / quiet[0], loud[1] * 1000.0 / quiet[1]];
        assert!(
            ratios.iter().all(|ratio| (ratio - 1.0).abs() < 1e-9),
            "{ratios:?}"
        );
    }
}

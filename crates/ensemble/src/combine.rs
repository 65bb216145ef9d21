//! From the members' forecasts at one time to the ensemble's.

use market::Symbol;
use serde::{Deserialize, Serialize};

/// What the members' forecasts are multiplied with, one weight a member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Weights of the members' market parts: their mean forecasts over the coins of a time.
    pub market: Vec<f64>,
    /// Weights of the members' own parts: a coin's forecast less the market part.
    pub own: Vec<f64>,
}

impl Weights {
    /// The plain average of so many members.
    pub fn equal(members: usize) -> Self {
        let weights = vec![1.0 / members as f64; members];
        Self {
            market: weights.clone(),
            own: weights,
        }
    }
}

/// The market's part of some coins' values at one time: their mean.
pub(crate) fn market_part(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The ensemble's forecasts of some coins at one time; the members' are in `members`,
/// `[members][coins]`.
///
/// Coins stand in the order of their symbols, as they do in a forecast table: another order would
/// round otherwise.
pub fn combine(weights: &Weights, members: &[&[f64]]) -> Vec<f64> {
    let markets: Vec<f64> = members
        .iter()
        .map(|forecasts| market_part(forecasts))
        .collect();
    let market: f64 = markets
        .iter()
        .zip(&weights.market)
        .map(|(market, weight)| weight * market)
        .sum();
    let own = |coin: usize| -> f64 {
        let parts = members.iter().zip(&markets).zip(&weights.own);
        parts
            .map(|((forecasts, market), weight)| weight * (forecasts[coin] - market))
            .sum()
    };
    (0..members.first().map_or(0, |forecasts| forecasts.len()))
        .map(|coin| market + own(coin))
        .collect()
}

/// As [`combine`], of coins in any order: those that every member forecasts, None for the others.
///
/// `members` is `[members][coins]`, in the order of `symbols`.
pub fn combine_known(
    weights: &Weights,
    symbols: &[Symbol],
    members: &[Vec<Option<f64>>],
) -> Vec<Option<f64>> {
    let is_known = |&coin: &usize| members.iter().all(|forecasts| forecasts[coin].is_some());
    let mut coins: Vec<usize> = (0..symbols.len()).filter(is_known).collect();
    coins.sort_unstable_by_key(|&coin| &symbols[coin]);
    let of_member =
        |forecasts: &Vec<Option<f64>>| coins.iter().filter_map(|&coin| forecasts[coin]).collect();
    let known: Vec<Vec<f64>> = members.iter().map(of_member).collect();
    let combined = combine(
        weights,
        &known.iter().map(Vec::as_slice).collect::<Vec<_>>(),
    );
    let mut all = vec![None; symbols.len()];
    for (&coin, value) in coins.iter().zip(combined) {
        all[coin] = Some(value);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_weighed_apart() {
        let weights = Weights {
            market: vec![1.0, 0.5],
            own: vec![0.0, 2.0],
        };
        // Market parts 2 and 4, own parts -1 and 1, -2 and 2.
        assert_eq!(
            combine(&weights, &[&[1.0, 3.0], &[2.0, 6.0]]),
            [4.0 - 4.0, 4.0 + 4.0]
        );
        assert_eq!(
            combine(&Weights::equal(2), &[&[1.0, 3.0], &[2.0, 6.0]]),
            [1.5, 4.5]
        );
        assert!(combine(&weights, &[&[], &[]]).is_empty());
    }

    #[test]
    fn a_coin_that_a_member_does_not_forecast_counts_for_nothing() {
        let symbols = ["CUSDT", "AUSDT", "BUSDT"].map(|name| Symbol::new(name).unwrap());
        let members = [
            vec![Some(3.0), Some(1.0), Some(99.0)],
            vec![Some(6.0), Some(2.0), None],
        ];
        let weights = Weights {
            market: vec![1.0, 0.5],
            own: vec![0.0, 2.0],
        };
        assert_eq!(
            combine_known(&weights, &symbols, &members),
            [Some(8.0), Some(0.0), None]
        );
    }

    /// Sums of floats depend on their order.
    #[test]
    fn the_order_of_the_universe_changes_no_bit() {
        let names =
            ["AUSDT", "BUSDT", "CUSDT", "DUSDT", "EUSDT"].map(|name| Symbol::new(name).unwrap());
        let forecasts = [0.1, 1e-9, 0.7, -0.3, 0.2];
        let weights = Weights {
            market: vec![0.3],
            own: vec![0.7],
        };
        let sorted = combine(&weights, &[&forecasts]);
        let order = [3, 0, 4, 1, 2];
        let symbols: Vec<Symbol> = order
            .iter()
            .map(|&coin: &usize| names[coin].clone())
            .collect();
        let shuffled = combine_known(
            &weights,
            &symbols,
            &[order.iter().map(|&coin| Some(forecasts[coin])).collect()],
        );
        for (place, coin) in order.into_iter().enumerate() {
            assert_eq!(
                shuffled[place].map(f64::to_bits),
                Some(sorted[coin].to_bits())
            );
        }
    }
}

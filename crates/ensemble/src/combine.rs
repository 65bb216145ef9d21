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
        Self::alike(members, 1.0 / members as f64)
    }

    /// One weight for all of so many members.
    pub fn alike(members: usize, weight: f64) -> Self {
        let weights = vec![weight; members];
        Self {
            market: weights.clone(),
            own: weights,
        }
    }

    /// The first of so many members as it is, and nothing of the others.
    pub fn first(members: usize) -> Self {
        let weights: Vec<f64> = (0..members).map(|m| f64::from(u8::from(m == 0))).collect();
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

/// As [`combine`], with the parts of forecasts in units: each forecast is divided by its coin's
/// unit before, and the sum multiplied with it. `units` is `[coins]`, each above 0.
pub fn combine_in_units(weights: &Weights, members: &[&[f64]], units: &[f64]) -> Vec<f64> {
    let in_units = |forecasts: &&[f64]| -> Vec<f64> {
        let pairs = forecasts.iter().zip(units);
        pairs.map(|(forecast, unit)| forecast / unit).collect()
    };
    let members: Vec<Vec<f64>> = members.iter().map(in_units).collect();
    let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
    let combined = combine(weights, &members).into_iter().zip(units);
    combined.map(|(forecast, unit)| forecast * unit).collect()
}

/// As [`combine`], or with `units` as [`combine_in_units`], of coins in any order: those that
/// every member forecasts and whose unit is known, None for the others.
///
/// `members` is `[members][coins]` and `units` `[coins]`, in the order of `symbols`; a unit that is
/// not known is NaN.
pub fn combine_known(
    weights: &Weights,
    symbols: &[Symbol],
    members: &[Vec<Option<f64>>],
    units: Option<&[f64]>,
) -> Vec<Option<f64>> {
    let is_known = |&coin: &usize| {
        let has_unit = units.is_none_or(|units| !units[coin].is_nan());
        has_unit && members.iter().all(|forecasts| forecasts[coin].is_some())
    };
    let mut coins: Vec<usize> = (0..symbols.len()).filter(is_known).collect();
    coins.sort_unstable_by_key(|&coin| &symbols[coin]);
    let of_member =
        |forecasts: &Vec<Option<f64>>| coins.iter().filter_map(|&coin| forecasts[coin]).collect();
    let known: Vec<Vec<f64>> = members.iter().map(of_member).collect();
    let known: Vec<&[f64]> = known.iter().map(Vec::as_slice).collect();
    let combined = match units {
        None => combine(weights, &known),
        Some(units) => {
            let units: Vec<f64> = coins.iter().map(|&coin| units[coin]).collect();
            combine_in_units(weights, &known, &units)
        }
    };
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
    fn parts_in_units_are_of_what_is_divided_by_them() {
        let weights = Weights {
            market: vec![1.0],
            own: vec![2.0],
        };
        // In units 1 and 3: the market's part is 2, the own parts are -1 and 1.
        let found = combine_in_units(&weights, &[&[0.5, 6.0]], &[0.5, 2.0]);
        assert_eq!(found, [0.0, 8.0]);
        let symbols = ["BUSDT", "AUSDT", "CUSDT"].map(|name| Symbol::new(name).unwrap());
        let members = [vec![Some(6.0), Some(0.5), Some(1.0)]];
        let units = [2.0, 0.5, f64::NAN];
        assert_eq!(
            combine_known(&weights, &symbols, &members, Some(&units)),
            [Some(8.0), Some(0.0), None],
            "a coin without a unit has no forecast"
        );
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
            combine_known(&weights, &symbols, &members, None),
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
            None,
        );
        for (place, coin) in order.into_iter().enumerate() {
            assert_eq!(
                shuffled[place].map(f64::to_bits),
                Some(sorted[coin].to_bits())
            );
        }
    }
}

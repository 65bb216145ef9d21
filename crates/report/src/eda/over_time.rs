//! Quantities at the points of [`Sampling`](super::sampling::Sampling): the largest coins by themselves,
//! and all together as a median with a band, so that two hundred coins stay readable.

use market::Symbol;
use serde::Serialize;
use statistics::quantile;

/// Coins with a line of their own.
pub(crate) const MOST_LINES: usize = 6;

/// One coin's values at the points; NaN (`null`) where there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    /// The coin.
    pub symbol: Symbol,
    /// A value a point.
    pub values: Vec<f64>,
}

/// The largest coins, and the spread of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Lines {
    /// Coins with a line of their own.
    pub largest: Vec<Line>,
    /// Number of other coins.
    pub others: usize,
    /// Quantiles at 10, 50 and 90 % over all coins at each point.
    pub of_all: Spread,
}

/// Quantiles over coins at each point; empty where there are no coins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// At 10 %.
    pub low: Vec<f64>,
    /// At 50 %.
    pub median: Vec<f64>,
    /// At 90 %.
    pub high: Vec<f64>,
}

/// The largest coins, and the sum of the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Sums {
    /// Coins with a line of their own.
    pub largest: Vec<Line>,
    /// Number of other coins.
    pub others: usize,
    /// Their sum at each point.
    pub of_others: Vec<f64>,
    /// The sum of all coins.
    pub total: Vec<f64>,
}

impl Lines {
    /// Of coins in order of their size, largest first.
    pub fn of(coins: Vec<Line>) -> Self {
        let values: Vec<&[f64]> = coins.iter().map(|line| &*line.values).collect();
        let of_all = Spread::of(&values);
        let mut largest = coins;
        let others = largest.len().saturating_sub(MOST_LINES);
        largest.truncate(MOST_LINES);
        Self {
            largest,
            others,
            of_all,
        }
    }
}

impl Spread {
    /// Over these coins.
    pub fn of(coins: &[&[f64]]) -> Self {
        let at = |share: f64| across(coins, move |sorted| quantile(sorted, share));
        Self {
            low: at(0.1),
            median: at(0.5),
            high: at(0.9),
        }
    }
}

impl Sums {
    /// Of coins in order of their size, largest first.
    pub fn of(coins: Vec<Line>) -> Self {
        let sum = |coins: &[Line]| {
            let values: Vec<&[f64]> = coins.iter().map(|line| &*line.values).collect();
            across(&values, |sorted| Some(sorted.iter().sum()))
        };
        let total = sum(&coins);
        let mut largest = coins;
        let others = largest.split_off(largest.len().min(MOST_LINES));
        Self {
            largest,
            others: others.len(),
            of_others: sum(&others),
            total,
        }
    }
}

/// A value of the known ones of all coins, sorted, at each point; NaN where none is known.
pub(crate) fn across(coins: &[&[f64]], of: impl Fn(&[f64]) -> Option<f64>) -> Vec<f64> {
    let points = coins.iter().map(|values| values.len()).max().unwrap_or(0);
    let at = |point: usize| {
        let values = coins.iter().filter_map(|values| values.get(point).copied());
        let mut known: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        known.sort_unstable_by(f64::total_cmp);
        match known.is_empty() {
            true => f64::NAN,
            false => of(&known).unwrap_or(f64::NAN),
        }
    };
    (0..points).map(at).collect()
}

/// A quantile of the finite ones among values, linear between them.
pub(crate) fn quantile_of(values: impl Iterator<Item = f64>, share: f64) -> Option<f64> {
    let mut known: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    known.sort_unstable_by(f64::total_cmp);
    quantile(&known, share)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        let line = |place: usize| Line {
            symbol: Symbol::new(&format!("C{place}USDT")).unwrap(),
            values: vec![place as f64, f64::NAN],
        };
        (0..count).map(line).collect()
    }

    #[test]
    fn what_is_beyond_the_largest_is_summed_up() {
        let found = Lines::of(lines(11));
        assert_eq!((found.largest.len(), found.others), (MOST_LINES, 5));
        // Of 0 to 10.
        assert_eq!(
            [
                found.of_all.low[0],
                found.of_all.median[0],
                found.of_all.high[0]
            ],
            [1.0, 5.0, 9.0]
        );
        assert!(found.of_all.median[1].is_nan());
        let sums = Sums::of(lines(11));
        assert_eq!((sums.of_others[0], sums.total[0]), (40.0, 55.0));
        let few = Lines::of(lines(3));
        assert_eq!((few.others, few.of_all.median[0]), (0, 1.0));
    }
}

//! Moments of the values in a trailing window.

use std::collections::VecDeque;

use super::variances::CoinVariances;

/// A variance below this share of the mean square is that of equal values, rounded.
const STILL: f64 = 1e-12;

/// Means of powers of the last values at every row; NaN where the window is not known.
pub(super) struct Moments {
    /// Number of values of a full window. A few may be missing (see [`CoinVariances::mean`]).
    bars: usize,
    /// Means of the first to fourth power.
    powers: [Vec<f64>; 4],
}

impl Moments {
    /// Of the last `bars` values of a coin.
    pub fn of(coin: &CoinVariances, values: &[f64], bars: usize) -> Self {
        let power = |k: i32| {
            let powers: Vec<f64> = values.iter().map(|value| value.powi(k)).collect();
            coin.mean(&powers, bars)
        };
        Self {
            bars,
            powers: [power(1), power(2), power(3), power(4)],
        }
    }

    /// The mean.
    pub fn mean(&self) -> Vec<f64> {
        self.powers[0].clone()
    }

    /// The sample standard deviation, of the squares divided by n - 1.
    pub fn std(&self) -> Vec<f64> {
        let n = self.bars as f64;
        self.map(|[variance, _, _]| (variance * n / (n - 1.0)).sqrt())
    }

    /// The sample skewness, unbiased for normal values; 0 where all are equal.
    pub fn skew(&self) -> Vec<f64> {
        let n = self.bars as f64;
        let correction = (n * (n - 1.0)).sqrt() / (n - 2.0);
        self.map(|[variance, third, _]| match variance > 0.0 {
            true => correction * third / variance.powf(1.5),
            false => variance,
        })
    }

    /// The sample excess kurtosis, unbiased for normal values; 0 where all are equal.
    pub fn kurtosis(&self) -> Vec<f64> {
        let n = self.bars as f64;
        let correction = (n - 1.0) / ((n - 2.0) * (n - 3.0));
        self.map(|[variance, _, fourth]| match variance > 0.0 {
            true => {
                let excess = fourth / (variance * variance) - 3.0;
                correction * ((n + 1.0) * excess + 6.0)
            }
            false => variance,
        })
    }

    /// A formula of the central moments: variance, third and fourth. The variance of equal values is 0.
    fn map(&self, formula: impl Fn([f64; 3]) -> f64) -> Vec<f64> {
        let [first, second, third, fourth] = &self.powers;
        let of_row = |row: usize| {
            let (a, b, c, d) = (first[row], second[row], third[row], fourth[row]);
            let variance = b - a * a;
            let variance = if variance <= STILL * b { 0.0 } else { variance };
            formula([
                variance,
                c - 3.0 * a * b + 2.0 * a.powi(3),
                d - 4.0 * a * c + 6.0 * a * a * b - 3.0 * a.powi(4),
            ])
        };
        (0..first.len()).map(of_row).collect()
    }
}

/// The lowest of the last `bars` values that are known, at every row; of fewer at the beginning.
pub(super) fn trailing_minimum(values: &[f64], bars: usize) -> Vec<f64> {
    // Rows of values that rise: a value behind a lower one is never the lowest again.
    let mut rising: VecDeque<usize> = VecDeque::new();
    let mut lowest = Vec::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        while rising.front().is_some_and(|first| first + bars <= row) {
            rising.pop_front();
        }
        if !value.is_nan() {
            while rising.back().is_some_and(|last| values[*last] >= *value) {
                rising.pop_back();
            }
            rising.push_back(row);
        }
        lowest.push(rising.front().map_or(f64::NAN, |first| values[*first]));
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_leaves_the_window_when_its_time_has_come() {
        let values = [
            3.0,
            1.0,
            f64::NAN,
            2.0,
            5.0,
            4.0,
            f64::NAN,
            f64::NAN,
            f64::NAN,
        ];
        let found = trailing_minimum(&values, 3);
        assert_eq!(found[..8], [3.0, 1.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0]);
        assert!(found[8].is_nan());
    }
}

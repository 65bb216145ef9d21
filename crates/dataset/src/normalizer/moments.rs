//! Means and standard deviations in one pass over the rows of all coins.

use std::ops::Range;

use rayon::prelude::*;

use crate::Targets;

/// Rows of all coins that are looked at before the next ones: few enough for the processor's cache.
const ROWS_AT_ONCE: usize = 2048;

/// Hands each coin its rows in order, and all coins the same rows at about the same time: a row of all
/// coins is one stretch of memory, or of a file.
pub(super) fn for_each_coin<T: Send>(
    of_coins: &mut [T],
    rows: Range<usize>,
    add: impl Fn(&mut T, usize, usize) + Sync,
) {
    for start in rows.clone().step_by(ROWS_AT_ONCE) {
        let rows = start..rows.end.min(start + ROWS_AT_ONCE);
        let of_coins = of_coins.par_iter_mut().enumerate();
        of_coins.for_each(|(coin, of_coin)| {
            rows.clone().for_each(|row| add(of_coin, row, coin));
        });
    }
}

/// The moments of each coin's targets at `rows`.
pub(super) fn target_moments(targets: &Targets, rows: Range<usize>) -> Vec<RunningMoments> {
    let mut of_coins = vec![RunningMoments::default(); targets.coins()];
    for_each_coin(&mut of_coins, rows, |moments, row, coin| {
        moments.add(targets.value(row, coin));
    });
    of_coins
}

/// Count, mean and sum of squared deviations.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunningMoments {
    count: f64,
    pub mean: f64,
    squares: f64,
}

impl RunningMoments {
    /// Takes in a value, if it is one (Welford 1962): one pass, no cancellation.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.count += 1.0;
        let before = self.mean;
        self.mean += (value - before) / self.count;
        self.squares += (value - before) * (value - self.mean);
    }

    pub fn joined(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let shift = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + shift * other.count / count,
            squares: self.squares
                + other.squares
                + shift * shift * self.count * other.count / count,
        }
    }

    /// The standard deviation, where values vary.
    pub fn known_std(self) -> Option<f32> {
        (self.count > 1.0 && self.std() > 0.0).then(|| self.std() as f32)
    }

    /// Standard deviation of the population; 0 without values.
    pub fn std(self) -> f64 {
        if self.count > 0.0 {
            (self.squares / self.count).sqrt()
        } else {
            0.0
        }
    }
}

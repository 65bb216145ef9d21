//! The values of a target, and how they are computed.

use std::ops::Range;
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use storage::{Array, Scratch};

use crate::room::zeros;
use crate::{Column, Panel};

/// Targets of every row and coin, NaN where unknown.
#[derive(Debug, Clone)]
pub struct Targets {
    values: Arc<Array<f64>>,
    coins: usize,
    scratch: Scratch,
}

impl Targets {
    /// Values of every row and coin, `[rows, coins]` row-major; NaN where there is none, and where
    /// one would be infinite: it would be all that a coin's mean and standard deviation hold.
    pub fn new(mut values: Vec<f64>, coins: usize) -> Self {
        values
            .iter_mut()
            .for_each(|value| *value = finite_or_nan(*value));
        Self {
            values: Arc::new(values.into()),
            coins,
            scratch: Scratch::default(),
        }
    }

    /// The values that `value` has for each row and coin of a panel, kept where the panel's arrays are.
    pub fn of_each(panel: &Panel, value: impl Fn(usize, usize) -> f64) -> Self {
        let (coins, scratch) = (panel.coins(), panel.scratch());
        let mut values = zeros(scratch, panel.rows() * coins);
        for (place, cell) in values.iter_mut().enumerate() {
            *cell = finite_or_nan(value(place / coins, place % coins));
        }
        Self {
            values: Arc::new(values),
            coins,
            scratch: scratch.clone(),
        }
    }

    /// The same with other values, kept in the same place.
    fn with_values(&self, write: impl FnOnce(&mut [f64])) -> Self {
        let mut values = zeros(&self.scratch, self.values.len());
        write(&mut values);
        Self {
            values: Arc::new(values),
            coins: self.coins,
            scratch: self.scratch.clone(),
        }
    }

    /// The target at `row`; NaN where unknown or past the end.
    pub fn value(&self, row: usize, coin: usize) -> f64 {
        self.values
            .get(row * self.coins + coin)
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// One row of targets, `[coins]`.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.coins..(row + 1) * self.coins]
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.coins
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.coins).unwrap_or(0)
    }

    /// The parts that [`crate::Fit::Parts`] names: each coin's own, and the market's, the same for all
    /// coins at a row. They sum to the whole, and are NaN where that is.
    pub fn parts(&self) -> (Self, Self) {
        let (mut own, mut market) = (self.values.to_vec(), self.values.to_vec());
        for row in 0..self.values.len() / self.coins.max(1) {
            let known = || self.row(row).iter().filter(|value| !value.is_nan());
            let mean = known().sum::<f64>() / known().count() as f64;
            for place in row * self.coins..(row + 1) * self.coins {
                let value = self.values[place];
                own[place] = value - mean;
                market[place] = if value.is_nan() { value } else { mean };
            }
        }
        (Self::new(own, self.coins), Self::new(market, self.coins))
    }

    /// The same with the targets of `rows` cut into blocks of `day_bars`, and the blocks put in
    /// another order; no block stays where it was. Less than four days are cut into four
    /// blocks.
    pub(crate) fn shuffled(&self, rows: Range<usize>, day_bars: usize, seed: u64) -> Self {
        let block = day_bars.min(rows.len().div_ceil(4)).max(1);
        let mut blocks: Vec<Range<usize>> = rows
            .clone()
            .step_by(block)
            .map(|start| start..rows.end.min(start + block))
            .collect();
        // Sattolo (1986): one cycle through all places.
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for last in (1..blocks.len()).rev() {
            blocks.swap(last, random.random_range(0..last));
        }
        self.with_values(|values| {
            values.copy_from_slice(&self.values);
            let mut place = rows.start * self.coins;
            for block in blocks {
                let moved = &self.values[block.start * self.coins..block.end * self.coins];
                values[place..place + moved.len()].copy_from_slice(moved);
                place += moved.len();
            }
        })
    }

    /// The targets of a row later, as those of each row; unknown at the last row of each of `spans`,
    /// whose later target would reach into what comes after.
    pub(crate) fn a_row_later(&self, spans: &[&Range<usize>]) -> Self {
        self.with_values(|values| {
            let later = self.values.get(self.coins..).unwrap_or_default();
            values[..later.len()].copy_from_slice(later);
            values[later.len()..].fill(f64::NAN);
            for rows in spans.iter().filter(|rows| !rows.is_empty()) {
                values[(rows.end - 1) * self.coins..rows.end * self.coins].fill(f64::NAN);
            }
        })
    }

    /// Whether any coin has a target at `row`.
    pub fn any(&self, row: usize) -> bool {
        self.row(row).iter().any(|value| !value.is_nan())
    }
}

/// What is infinite is unknown.
fn finite_or_nan(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// One value for each row and coin, row-major.
pub(super) fn each(panel: &Panel, value: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..panel.rows())
        .flat_map(|row| (0..panel.coins()).map(move |coin| (row, coin)))
        .map(|(row, coin)| value(row, coin))
        .collect()
}

/// Whether the coin was observed at all of these rows.
pub(super) fn are_observed<const N: usize>(panel: &Panel, rows: [usize; N], coin: usize) -> bool {
    rows.iter()
        .all(|&row| row < panel.rows() && panel.is_observed(row, coin))
}

/// `close[until] / close[from]`, NaN unless the coin was observed there and at `row`.
pub(super) fn ratio(panel: &Panel, row: usize, (from, until): (usize, usize), coin: usize) -> f64 {
    if !are_observed(panel, [row, from, until], coin) {
        return f64::NAN;
    }
    panel.value(Column::Close, until, coin) / panel.value(Column::Close, from, coin)
}

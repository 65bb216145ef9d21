//! What features are computed into.

use storage::{Array, Scratch};

use crate::room::zeros;

/// Features before normalization: row-major `[rows, coins x features]`, NaN where unknown.
#[derive(Debug, Clone)]
pub struct FeatureMatrix {
    pub(crate) values: Array<f32>,
    pub(crate) coins: usize,
    pub(crate) per_coin: usize,
}

impl FeatureMatrix {
    /// Room in memory for values that are all to be written: zeros cost nothing until they are.
    pub(super) fn zeroed(rows: usize, coins: usize, per_coin: usize) -> Self {
        Self::zeroed_in(rows, (coins, per_coin), &Scratch::default())
    }

    /// [`FeatureMatrix::zeroed`] where `scratch` keeps arrays.
    pub(super) fn zeroed_in(
        rows: usize,
        (coins, per_coin): (usize, usize),
        scratch: &Scratch,
    ) -> Self {
        Self {
            values: zeros(scratch, rows * coins * per_coin),
            coins,
            per_coin,
        }
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.coins
    }

    /// Features per coin.
    pub fn per_coin(&self) -> usize {
        self.per_coin
    }

    /// Channels of a row: coins x features.
    pub fn channels(&self) -> usize {
        self.coins * self.per_coin
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.channels()).unwrap_or(0)
    }

    /// One coin's features at one row, `[features]`.
    pub fn cell(&self, row: usize, coin: usize) -> &[f32] {
        let start = row * self.channels() + coin * self.per_coin;
        &self.values[start..start + self.per_coin]
    }

    /// The same, to be changed.
    pub(super) fn cell_mut(&mut self, row: usize, coin: usize) -> &mut [f32] {
        let start = row * self.channels() + coin * self.per_coin;
        &mut self.values[start..start + self.per_coin]
    }
}

/// A feature as it is kept; what is no number in 32 bits is unknown.
pub(super) fn single(value: f64) -> f32 {
    let value = value as f32;
    if value.is_finite() { value } else { f32::NAN }
}

//! What all feature sets have in common.

use std::fmt::Debug;
use std::ops::Range;

use market::Interval;

use super::group::{self, Group, GroupChoice, OptionalGroup};
use super::single;
use crate::{Column, Panel};

/// One feature of a set.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Its name in statistics, importances and errors.
    pub name: &'static str,
    /// How it is computed at t, in words that the book's reference explains.
    pub formula: &'static str,
}

impl Feature {
    /// A feature by its name and formula.
    pub const fn new(name: &'static str, formula: &'static str) -> Self {
        Self { name, formula }
    }
}

/// A named, ordered list of features of each coin at t, a function of the last rows up to t alone.
///
/// A new one is a file in `features/` with this trait, and a line in the list of `list.rs`;
/// `examples/features.rs` of this crate shows one outside the list. All logarithms are natural.
pub trait FeatureFormulas: Debug + Sync {
    /// Its name in `features.set`.
    fn name(&self) -> &'static str;

    /// What it is, in whole sentences: the book's reference shows them.
    fn description(&self) -> &'static str;

    /// Raised whenever a formula changes: statistics and weights of another version are refused.
    fn version(&self) -> u32 {
        1
    }

    /// The columns of candles that it is computed from.
    fn columns(&self) -> &'static [Column];

    /// Its features that belong to no group, in the order of the channels.
    fn features(&self) -> &'static [Feature] {
        &[]
    }

    /// The groups that its features can be chosen by, in the order of the channels.
    fn groups(&self) -> &'static [Group] {
        &[]
    }

    /// Further groups, which are off unless they are asked for, behind the others.
    fn optional_groups(&self) -> &'static [OptionalGroup] {
        &[]
    }

    /// How many rows, its own included, a row of the features that belong to no group is a function
    /// of, in bars of `interval`.
    fn warm_up_bars(&self, _interval: Interval) -> usize {
        1
    }

    /// The features of one coin at `rows`, `[features][rows]`, NaN where unknown; for sets whose
    /// formulas give all rows of a feature at once.
    ///
    /// Each row is a function of its last [`FeatureFormulas::warm_up_bars`] rows in `rows` or before
    /// it, and of nothing else.
    fn of_coin(&self, _panel: &Panel, _coin: usize, _rows: Range<usize>) -> Vec<Vec<f64>> {
        Vec::new()
    }

    /// Writes the chosen features of all coins at `rows` into `out`, row-major `[rows, coins x
    /// features]`: a coin at a time, unless a set overrides it.
    fn compute(&self, chosen: &GroupChoice, panel: &Panel, rows: Range<usize>, out: &mut [f32]) {
        if !self.groups().is_empty() {
            group::compute(chosen, panel, rows, out);
            return;
        }
        for coin in 0..panel.coins() {
            let features = self.of_coin(panel, coin, rows.clone());
            write_coin(&features, coin, panel.coins(), out);
        }
    }
}

/// Writes one coin's features, `[features][rows]`, into `out`, row-major `[rows, coins x features]`.
pub(super) fn write_coin(features: &[Vec<f64>], coin: usize, coins: usize, out: &mut [f32]) {
    let per_coin = features.len();
    // A cell at once, as each is in another line of the cache.
    for (row, cells) in out.chunks_exact_mut((coins * per_coin).max(1)).enumerate() {
        let cell = &mut cells[coin * per_coin..(coin + 1) * per_coin];
        for (value, series) in cell.iter_mut().zip(features) {
            *value = single(series[row]);
        }
    }
}

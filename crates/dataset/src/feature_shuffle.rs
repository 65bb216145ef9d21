//! Features that are exchanged between rows and coins: what permutation importance asks a forecaster
//! to forecast by.

use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Features whose values are exchanged at random between the rows and coins of a part of a panel.
/// Those of one row and coin stay together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureShuffle {
    names: Vec<String>,
    rows: Range<usize>,
    coins: usize,
    /// For each row and coin the one whose values it gets, `[rows, coins]`.
    sources: Vec<usize>,
}

impl FeatureShuffle {
    /// Exchanges the named features between so many coins at `rows` of a panel, in an order that
    /// `seed` decides.
    pub fn new(names: &[&str], (rows, coins): (Range<usize>, usize), seed: u64) -> Self {
        let mut sources: Vec<usize> = (0..rows.len() * coins).collect();
        sources.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            rows,
            coins,
            sources,
        }
    }

    /// The rows whose values are exchanged.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The row and coin whose values a row and coin gets; None outside its rows.
    pub fn source(&self, row: usize, coin: usize) -> Option<(usize, usize)> {
        let place = row.checked_sub(self.rows.start)? * self.coins + coin;
        let source = *self.sources.get(place)?;
        Some((self.rows.start + source / self.coins, source % self.coins))
    }

    /// Returns true for a feature whose values are exchanged.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }
}

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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use market::{Interval, Symbol};

    use super::*;
    use crate::{CandleTable, Column, Features, Panel};

    /// 60 days of two coins.
    fn panel() -> Panel {
        let day: Interval = "1d".parse().unwrap();
        let coin = |name: &str, size: f64| {
            let mut candles = CandleTable::default();
            for row in 0..60 {
                let close = 100.0 * (size * f64::from(row * row).sin()).exp();
                let mut values = [close; Column::ALL.len()];
                values[Column::High as usize] = 1.01 * close;
                candles.push_row(i64::from(row) * day.ms(), values);
            }
            (Symbol::new(name).unwrap(), candles)
        };
        let coins = [coin("A", 0.1), coin("B", 0.2)];
        Panel::build(&coins, day, (0, 60 * day.ms()), 0, &Column::ALL)
    }

    #[test]
    fn values_are_exchanged_among_the_rows_and_nothing_else_changes() {
        let panel = panel();
        let features = Features::all("har_range".parse().unwrap()).of_bars(panel.interval());
        let shuffle = FeatureShuffle::new(&["lrv1", "lrv7"], (40..60, 2), 7);
        let before = features.compute(&panel, 30..60);
        let after = features.compute(&panel.clone().with_shuffle(shuffle), 30..60);
        let names = features.names();
        for (place, name) in names.iter().enumerate() {
            let column = |of: &crate::FeatureMatrix, rows: Range<usize>| -> Vec<u32> {
                let cells = rows.flat_map(|row| [0, 1].map(|coin| (row, coin)));
                cells
                    .map(|(row, coin)| of.cell(row, coin)[place].to_bits())
                    .collect()
            };
            assert_eq!(column(&before, 0..10), column(&after, 0..10), "{name}");
            let [mut one, mut other] = [&before, &after].map(|of| column(of, 10..30));
            assert_eq!(
                one != other,
                name.starts_with("lrv") && *name != "lrv30",
                "{name}"
            );
            one.sort_unstable();
            other.sort_unstable();
            assert_eq!(one, other, "{name}: the same values in another order");
        }
        // What belongs together stays together.
        let pairs = |of: &crate::FeatureMatrix| {
            let places = ["lrv1", "lrv7"].map(|own| names.iter().position(|name| *name == own));
            let mut pairs: Vec<[u32; 2]> = (10..30)
                .flat_map(|row| [0, 1].map(|coin| of.cell(row, coin)))
                .map(|cell| places.map(|place| cell[place.unwrap()].to_bits()))
                .collect();
            pairs.sort_unstable();
            pairs
        };
        assert_eq!(pairs(&before), pairs(&after));
    }
}

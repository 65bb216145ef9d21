//! The rows of each coin in order of time.

use score::Rows;

/// Places of every coin's rows, in the order of the symbols.
pub(crate) struct RowsByCoin {
    /// Sorted by time.
    pub places: Vec<Vec<u32>>,
}

impl RowsByCoin {
    pub fn new(rows: &Rows) -> Self {
        let mut places = vec![Vec::new(); rows.symbols.len()];
        for (row, symbol) in (0..).zip(&rows.symbol) {
            places[*symbol as usize].push(row); // the index was checked with the rows
        }
        // Folds may overlap in time or stand in another order.
        let time = |row: &u32| rows.time_ms[*row as usize];
        for coin in &mut places {
            if !coin.is_sorted_by_key(time) {
                coin.sort_unstable_by_key(time);
            }
        }
        Self { places }
    }

    /// One coin's values of a column.
    pub fn values(places: &[u32], column: &[f64]) -> Vec<f64> {
        places.iter().map(|&row| column[row as usize]).collect()
    }
}

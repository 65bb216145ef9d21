//! What is known of members up to some time.

use std::ops::Range;

use crate::Weights;

/// What is known of members up to some time, and the weights that follow from it.
pub(crate) trait Evidence {
    /// How many bars after the forecast the returns that it is judged by begin.
    fn entry_bars(&self) -> usize;

    /// Adds the rows of one time; times come in their order.
    fn add(&mut self, rows: Range<usize>);

    /// How many independent events it rests on.
    fn events(&self) -> f64;

    /// The weights of a fold that begins now.
    fn weights(&self) -> Weights;
}

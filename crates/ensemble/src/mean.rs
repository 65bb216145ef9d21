//! The plain mean of forecasts as they are.

use std::ops::Range;

use crate::Weights;
use crate::evidence::Evidence;

/// So many members, whatever they were worth.
pub(crate) struct EqualSay(pub usize);

impl Evidence for EqualSay {
    fn entry_bars(&self) -> usize {
        0
    }

    fn add(&mut self, _: Range<usize>) {}

    /// None: nothing is fitted.
    fn events(&self) -> f64 {
        0.0
    }

    fn weights(&self) -> Weights {
        Weights::equal(self.0)
    }
}

//! Blocks of training days, each forecast by a fit on the others.

use std::ops::Range;

use dataset::{Dataset, Fold};

/// How many blocks the training days of a fold are cut into.
pub const BLOCKS: usize = 4;

/// A block of training rows that is held out, and what a model that forecasts it is fitted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingBlock {
    /// The rows that are forecast.
    pub held: Range<usize>,
    /// The rows before and after them, the purge and the embargo away from them; either may be
    /// empty.
    pub fitted: [Range<usize>; 2],
}

/// Forecasts of a fold's training rows, each by a fit that did not see the row's block.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfBlock {
    /// Row and coin of each.
    pub rows: Vec<(usize, usize)>,
    /// The forecasts, in the unit of the target; one that is not finite is left out.
    pub forecasts: Vec<f64>,
    /// Whether published levels are corrected by what the residuals are on average; false for a
    /// rule that is published as it is.
    pub is_corrected: bool,
}

/// The training rows of a fold in four blocks of as many usable times each, in order of time; none
/// where there are fewer than four usable times.
pub fn training_blocks(dataset: &Dataset, fold: &Fold) -> Vec<TrainingBlock> {
    let train = &fold.train;
    let cells = dataset.usable_cells(train.clone());
    let mut times: Vec<usize> = cells.map(|(row, _)| row).collect();
    times.dedup();
    if times.len() < BLOCKS {
        return Vec::new();
    }
    let gap = dataset.config.purge_bars() + dataset.config.embargo_bars();
    let start = |block: usize| match block {
        BLOCKS => times[times.len() - 1] + 1,
        _ => times[times.len() * block / BLOCKS],
    };
    let block = |number: usize| {
        let held = start(number)..start(number + 1);
        let before_end = held.start.saturating_sub(gap).max(train.start);
        let after_start = (held.end + gap).min(train.end);
        TrainingBlock {
            fitted: [train.start..before_end, after_start..train.end],
            held,
        }
    };
    (0..BLOCKS).map(block).collect()
}

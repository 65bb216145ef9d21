//! Sizes of a convolution with bf16 products, and the places of its operands.

use super::super::bf16::{Start, TILE, TILE_DEPTH, Unit, round_all};
use super::super::conv::ConvShape;

/// Most rows of a window that was put together from single steps.
const ROWS: usize = 64;

/// Sizes that follow from those of the convolution.
pub(super) struct Sizes {
    pub(super) shape: ConvShape,
    /// Values from one output's input to the next.
    pub(super) row: usize,
    /// Runs of taps beside each other, values of each, and the same up to whole tiles.
    pub(super) runs: usize,
    pub(super) run: usize,
    pub(super) deep_run: usize,
    /// Channels out up to whole tiles.
    pub(super) wide: usize,
}

impl Sizes {
    pub(super) fn new(shape: ConvShape) -> Self {
        let shape = joined(shape);
        let (runs, taps) = match shape.dilation {
            1 => (1, shape.kernel),
            _ => (shape.kernel, 1),
        };
        let run = taps * shape.channels_in;
        Self {
            shape,
            row: shape.stride * shape.channels_in,
            runs,
            run,
            deep_run: run.next_multiple_of(TILE_DEPTH),
            wide: shape.channels_out.next_multiple_of(TILE),
        }
    }

    pub(super) fn input(&self) -> usize {
        self.shape.time * self.shape.channels_in
    }

    pub(super) fn output(&self) -> usize {
        self.shape.time_out() * self.shape.channels_out
    }

    /// Groups of taps that see the same step of `stride` bars.
    pub(super) fn groups(&self) -> usize {
        self.shape.kernel.div_ceil(self.shape.stride)
    }

    /// Rows of a window in the product along time, an even number.
    pub(super) fn steps(&self) -> usize {
        let after = (self.groups() - 1) * self.shape.dilation;
        (self.shape.time_out() + after).next_multiple_of(2)
    }

    /// A window of rounded values with zeros before and after, as far as anything reads.
    pub(super) fn padded(&self) -> Vec<u16> {
        let shape = self.shape;
        let rows = shape.time_out().next_multiple_of(TILE).max(self.steps());
        let reach = (shape.kernel - 1) * shape.dilation * shape.channels_in + self.deep_run;
        let [before, after] = shape.padding.map(|steps| steps * shape.channels_in);
        vec![0; (rows * self.row + reach).max(before + self.input() + after)]
    }

    /// Writes a window into the middle of [`padded`](Self::padded).
    pub(super) fn pad(&self, unit: Unit, input: &[f32], rectified: bool, padded: &mut [u16]) {
        let before = self.shape.padding[0] * self.shape.channels_in;
        round_all(unit, input, rectified, &mut padded[before..][..input.len()]);
    }

    /// Steps of zeros before a window's gradient, and the last step that an input meets.
    ///
    /// Input t is `offset + stride * step - before`; it meets the outputs from `step - taps + 1` to
    /// `step`, or, without a stride, every `dilation`-th up to `step`.
    pub(super) fn around(&self) -> (usize, usize) {
        let shape = self.shape;
        let front = (self.groups() - 1) * shape.dilation;
        (front, (shape.time - 1 + shape.padding[0]) / shape.stride)
    }
}

/// Windows whose steps know nothing of each other, put together to windows of more rows: a linear
/// layer sees windows of one step.
fn joined(shape: ConvShape) -> ConvShape {
    if shape.kernel != 1 || shape.stride != 1 || shape.padding != [0; 2] {
        return shape;
    }
    let rows = shape.windows * shape.time;
    let time = (1..=ROWS.min(rows))
        .rev()
        .find(|time| rows.is_multiple_of(*time));
    let time = time.unwrap_or(1).max(1);
    ConvShape {
        windows: rows / time,
        time,
        dilation: 1,
        ..shape
    }
}

/// What the first of several products, and those after it, are added to.
pub(super) fn start(index: usize) -> Start {
    match index {
        0 => Start::Zero,
        _ => Start::Result,
    }
}

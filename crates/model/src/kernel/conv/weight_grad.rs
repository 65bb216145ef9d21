//! The gradient of a convolution by its weights: a product along time for each window, `[taps and channels in, time] *
//! [time, channels out]`, summed over all windows.
//!
//! There are two ways to it, by the sizes alone, that give the same bits. Where windows are many, or large beside the
//! weights, each part of the windows has sums of its own, which are added up at the end. Where they are few and the
//! weights large, such sums would cost more than the products: the windows are kept, and a run of the weights
//! after the other is summed over all of them.

use super::shape::{ConvShape, LEAST};
use crate::kernel::buffer::filled;
use crate::kernel::rows;
use crate::kernel::tile::{
    Instructions, LANES, Order, Product, Strides, multiply_add_all, multiply_all,
};

/// Times that the weights have to be larger than the values of a window for windows to be kept.
const LARGE: usize = 4;

/// Channels out from which on it pays to copy channels into blocks.
const WIDE: usize = 128;

/// How the gradient is summed.
#[derive(Clone, Copy)]
pub struct Sums {
    pub(super) shape: ConvShape,
    /// Whether windows are kept until all are there.
    pub keeps_windows: bool,
    /// Whether the channels of a window are in blocks of [`LANES`], one after the other: what a tile takes of one step
    /// of time is a line of memory then, and that of the next step the next line. In rows of 128 channels these lines are
    /// 512 bytes apart, and the nearest cache holds few such.
    pub(super) in_blocks: bool,
}

/// Values that are somewhere else, or here.
#[derive(Clone, Default)]
struct Values<'a> {
    elsewhere: Option<&'a [f32]>,
    own: Vec<f32>,
}

/// What one window is to the gradient.
#[derive(Clone, Default)]
pub struct Operands<'a> {
    /// The input, with zeros at both ends and rectified where it has to be.
    input: Values<'a>,
    /// The output's gradient in whole panels.
    grad: Values<'a>,
}

/// What becomes of some windows.
#[derive(Default)]
pub struct Part<'a> {
    /// Windows that are not summed yet, or whose place is there for others.
    pub windows: Vec<Operands<'a>>,
    /// Sums of those before, `[run, row, channel out]`; empty where there are none.
    sums: Vec<f32>,
}

impl Values<'_> {
    fn get(&self) -> &[f32] {
        self.elsewhere.unwrap_or(&self.own)
    }
}

impl Sums {
    /// The way for these sizes.
    pub fn new(shape: ConvShape) -> Self {
        let window = shape.input_len() + shape.output_len();
        let is_large = shape.depth() * shape.channels_out >= LARGE * window;
        let keeps_windows = is_large && shape.part_windows() == LEAST;
        Self {
            shape,
            keeps_windows,
            in_blocks: keeps_windows || shape.channels_out >= WIDE,
        }
    }

    /// Rows of a run, which are summed together: of one tap and one block of channels in, or of as many taps as
    /// lie beside each other.
    fn run_rows(&self) -> usize {
        match self.in_blocks {
            true => self.block(),
            false if self.shape.dilation == 1 => self.shape.depth(),
            false => self.shape.channels_in,
        }
    }

    /// Channels in of a block.
    fn block(&self) -> usize {
        match self.in_blocks {
            true => LANES.min(self.shape.channels_in),
            false => self.shape.channels_in,
        }
    }

    /// Rows for all taps and blocks.
    fn rows(&self) -> usize {
        self.shape.channels_in.next_multiple_of(self.block()) * self.shape.kernel
    }

    /// The row of a tap and a channel in.
    fn row(&self, tap: usize, channel: usize) -> usize {
        let block = self.block();
        (channel / block * self.shape.kernel + tap) * block + channel % block
    }

    /// Channels out in whole panels.
    fn width(&self) -> usize {
        self.shape.channels_out.next_multiple_of(LANES)
    }

    fn sizes(&self) -> [usize; 3] {
        [self.run_rows(), self.width(), self.shape.time_out()]
    }

    /// Time steps in, with those of the padding.
    fn time_in(&self) -> usize {
        self.shape.padding[0] + self.shape.time + self.shape.padding[1]
    }

    fn strides(&self) -> Strides {
        let [b_panel, b_k] = match self.in_blocks {
            true => [self.shape.time_out() * LANES, LANES],
            false => [LANES, self.width()],
        };
        Strides {
            a_row: 1,
            a_k: self.shape.stride * self.block(),
            b_panel,
            b_k,
        }
    }

    /// The products of some windows for one run.
    fn products<'a>(&self, run: usize, windows: &'a [Operands<'_>]) -> Vec<Product<'a>> {
        let (shape, block) = (&self.shape, self.block());
        let row = run * self.run_rows();
        let (tap, block_index) = (row / block % shape.kernel, row / block / shape.kernel);
        let begin = (block_index * self.time_in() + tap * shape.dilation) * block;
        let product = |window: &'a Operands<'_>| (&window.input.get()[begin..], window.grad.get());
        windows.iter().map(product).collect()
    }

    /// The gradient of all parts, `[channel out, channel in, tap]`.
    pub fn total(&self, instructions: Instructions, parts: &[Part<'_>]) -> Vec<f32> {
        let (sizes, width) = (self.sizes(), self.width());
        let run = match self.keeps_windows {
            true => self.run_rows() * width,
            // Any rows will do, as no products are left.
            false => LANES * width,
        };
        let total = filled(
            self.rows() * width,
            run,
            || (),
            |(), index, total| {
                let total = total.zeros();
                for part in parts {
                    if self.keeps_windows {
                        let products = self.products(index, &part.windows);
                        let (products, place) =
                            ((self.strides(), &products[..]), (&mut *total, width));
                        multiply_add_all(instructions, sizes, products, place, Order::Apart);
                    } else {
                        rows::add(
                            instructions,
                            total,
                            &part.sums[index * run..][..total.len()],
                        );
                    }
                }
                total
            },
        );
        in_layout(&self.shape, &total, width, |tap, channel| {
            self.row(tap, channel)
        })
    }
}

impl<'a> Operands<'a> {
    /// Takes a window, whose place may have held another one; `masked` is the output's gradient behind a mask, where
    /// there is one.
    pub fn take(
        &mut self,
        instructions: Instructions,
        sums: &Sums,
        (input, rectified): (&'a [f32], bool),
        (grad, masked): (&'a [f32], Option<&[f32]>),
    ) {
        let (shape, in_blocks) = (&sums.shape, sums.in_blocks);
        let is_ready = !in_blocks && !rectified && shape.padding == [0; 2];
        self.input.elsewhere = is_ready.then_some(input);
        if !is_ready {
            let (block, time) = (sums.block(), sums.time_in());
            // The ends, and what of the last block is beyond the channels, stay zeros from one window to the next.
            let count = shape.channels_in.next_multiple_of(block) * time;
            self.input.own.resize(count, 0.0);
            let begin = &mut self.input.own[shape.padding[0] * block..];
            let sizes = [shape.channels_in, block, time * block, block];
            rows::into_blocks(instructions, input, sizes, rectified, begin);
        }
        let width = sums.width();
        let is_ready = !in_blocks && masked.is_none() && width == shape.channels_out;
        self.grad.elsewhere = is_ready.then_some(grad);
        if !is_ready {
            self.grad.own.resize(shape.time_out() * width, 0.0);
            let [block_stride, row_stride] = match in_blocks {
                true => [shape.time_out() * LANES, LANES],
                false => [LANES, width],
            };
            let sizes = [shape.channels_out, LANES, block_stride, row_stride];
            let grad = masked.unwrap_or(grad);
            rows::into_blocks(instructions, grad, sizes, false, &mut self.grad.own);
        }
    }
}

impl Part<'_> {
    /// Adds the first `count` windows to the sums.
    pub fn sum(&mut self, instructions: Instructions, sums: &Sums, count: usize) {
        let (sizes, runs) = (sums.sizes(), 0..sums.rows() / sums.run_rows());
        let products = |run| sums.products(run, &self.windows[..count]);
        if self.sums.is_empty() {
            let runs: Vec<_> = runs.map(products).collect();
            self.sums = multiply_all(instructions, sizes, sums.strides(), &runs);
            return;
        }
        let places = self.sums.chunks_exact_mut(sizes[0] * sizes[1]);
        for (run, place) in runs.zip(places) {
            let products = (sums.strides(), &products(run)[..]);
            multiply_add_all(
                instructions,
                sizes,
                products,
                (place, sizes[1]),
                Order::Continued,
            );
        }
    }
}

/// The gradient `[channel out, channel in, tap]` of one whose `row` for each tap and channel in has `width` channels
/// out.
pub fn in_layout(
    shape: &ConvShape,
    total: &[f32],
    width: usize,
    row: impl Fn(usize, usize) -> usize + Sync + Send,
) -> Vec<f32> {
    let depth = shape.depth();
    // As many channels out at a time as lie in a line of memory, which is read once.
    filled(
        shape.channels_out * depth,
        LANES * depth,
        || (),
        |(), panel, values| {
            let values = values.zeros();
            for channel in 0..shape.channels_in {
                for tap in 0..shape.kernel {
                    let sums = &total[row(tap, channel) * width + panel * LANES..][..LANES];
                    let places = values[channel * shape.kernel + tap..].iter_mut();
                    places
                        .step_by(depth)
                        .zip(sums)
                        .for_each(|(value, sum)| *value = *sum);
                }
            }
            values
        },
    )
}

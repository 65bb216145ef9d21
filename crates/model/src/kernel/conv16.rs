//! The convolution with products of bf16 numbers, forward and backward.
//!
//! As in [`super::conv`], a window at a time. Operands are rounded in the nearest cache, sums are
//! f32. Weights' gradients are products along time: the windows' inputs are transposed for them,
//! some windows beside each other.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use super::bf16::{
    Left, Right, Start, TILE, TILE_DEPTH, Unit, multiply, pairs, round, round_all, transpose,
};
use super::buffer::{filled, zeroed};
use super::conv::{ConvGradients, ConvShape, Extras};
use super::rows;
use super::tile::Instructions;

/// Most parts that the weights' gradient is summed in. Their number follows from the windows alone,
/// so that the gradient's bits do not depend on the threads.
const PARTS: usize = 32;

/// Fewest windows of a part.
const LEAST: usize = 4;

/// Time steps that are multiplied together for the weights' gradient, about.
const STEPS: usize = 256;

/// Most rows of a window that was put together from single steps.
const ROWS: usize = 64;

/// Sizes that follow from those of the convolution.
struct Sizes {
    shape: ConvShape,
    /// Values from one output's input to the next.
    row: usize,
    /// Runs of taps beside each other, values of each, and the same up to whole tiles.
    runs: usize,
    run: usize,
    deep_run: usize,
    /// Channels out up to whole tiles.
    wide: usize,
}

impl Sizes {
    fn new(shape: ConvShape) -> Self {
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

    fn input(&self) -> usize {
        self.shape.time * self.shape.channels_in
    }

    fn output(&self) -> usize {
        self.shape.time_out() * self.shape.channels_out
    }

    /// Groups of taps that see the same step of `stride` bars.
    fn groups(&self) -> usize {
        self.shape.kernel.div_ceil(self.shape.stride)
    }

    /// Rows of a window in the product along time, an even number.
    fn steps(&self) -> usize {
        let after = (self.groups() - 1) * self.shape.dilation;
        (self.shape.time_out() + after).next_multiple_of(2)
    }

    /// A window of rounded values with zeros before and after, as far as anything reads.
    fn padded(&self) -> Vec<u16> {
        let shape = self.shape;
        let rows = shape.time_out().next_multiple_of(TILE).max(self.steps());
        let reach = (shape.kernel - 1) * shape.dilation * shape.channels_in + self.deep_run;
        let [before, after] = shape.padding.map(|steps| steps * shape.channels_in);
        vec![0; (rows * self.row + reach).max(before + self.input() + after)]
    }

    /// Writes a window into the middle of [`padded`](Self::padded).
    fn pad(&self, unit: Unit, input: &[f32], rectified: bool, padded: &mut [u16]) {
        let before = self.shape.padding[0] * self.shape.channels_in;
        round_all(unit, input, rectified, &mut padded[before..][..input.len()]);
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

/// As [`super::conv::forward`], with bf16 products.
pub fn forward(
    unit: Unit,
    shape: ConvShape,
    [input, weight, bias]: [&[f32]; 3],
    residual: Option<&[f32]>,
    extras: Extras,
) -> Vec<f32> {
    let (sizes, instructions) = (Sizes::new(shape), Instructions::detect());
    let shape = sizes.shape;
    let (time_out, wide) = (shape.time_out(), sizes.wide);
    let packed = packed(&sizes, weight);
    let length = sizes.output();
    let scratch = || {
        let sums = vec![0.0; time_out.next_multiple_of(TILE) * wide];
        (sizes.padded(), sums)
    };
    filled(
        shape.windows * length,
        length,
        scratch,
        |(padded, sums), window, output| {
            let input = &input[window * sizes.input()..][..sizes.input()];
            sizes.pad(unit, input, extras.rectified, padded);
            for run in 0..sizes.runs {
                let left = Left {
                    values: &padded[run * shape.dilation * shape.channels_in..],
                    row_stride: sizes.row,
                };
                let right = Right {
                    values: &packed[run * sizes.deep_run * TILE..],
                    panel_stride: sizes.runs * sizes.deep_run * TILE,
                    pair_stride: 2 * TILE,
                };
                let of = [time_out, shape.channels_out, sizes.run];
                multiply(unit, of, (left, right), sums, wide, start(run));
            }
            let residual = residual.map(|residual| &residual[window * length..][..length]);
            rows::finish(instructions, output, sums, wide, bias, residual);
            if let Some(mask) = extras.mask {
                rows::apply_mask(instructions, output, mask, window * length);
            }
        },
    )
}

/// What the first of several products, and those after it, are added to.
fn start(index: usize) -> Start {
    match index {
        0 => Start::Zero,
        _ => Start::Result,
    }
}

/// The weights in panels of channels out, run by run.
fn packed(sizes: &Sizes, weight: &[f32]) -> Vec<u16> {
    let shape = sizes.shape;
    let (depth, panel) = (
        shape.kernel * shape.channels_in,
        sizes.runs * sizes.deep_run * TILE,
    );
    let mut packed = vec![0; sizes.wide / TILE * panel];
    let panels = packed
        .par_chunks_mut(panel)
        .zip(weight.par_chunks(TILE * depth));
    panels.for_each(|(packed, weight)| {
        for (out, row) in weight.chunks_exact(depth).enumerate() {
            for (channel, values) in row.chunks_exact(shape.kernel).enumerate() {
                for (tap, value) in values.iter().enumerate() {
                    let (run, k) = match sizes.runs {
                        1 => (0, tap * shape.channels_in + channel),
                        _ => (tap, channel),
                    };
                    packed[run * sizes.deep_run * TILE + paired(k, out)] = round(*value);
                }
            }
        }
    });
    packed
}

/// Where a panel of [`TILE`] columns has element (k, column).
fn paired(k: usize, column: usize) -> usize {
    k / 2 * 2 * TILE + column * 2 + k % 2
}

/// As [`super::conv::backward`], with bf16 products.
pub fn backward(
    unit: Unit,
    shape: ConvShape,
    [input, weight, output_grad]: [&[f32]; 3],
    extras: Extras,
    wants_input: bool,
) -> ConvGradients {
    let sizes = Sizes::new(shape);
    let shape = sizes.shape;
    let phases = if wants_input {
        phases(&sizes, weight)
    } else {
        Vec::new()
    };
    let part = shape.windows.div_ceil(PARTS).max(LEAST);
    let length = if wants_input { sizes.input() } else { 0 };
    let mut input_grad: Vec<f32> = Vec::with_capacity(shape.windows * length);
    let spare = &mut input_grad.spare_capacity_mut()[..shape.windows * length];
    // Parts of the input's gradient; empty ones where it is not wanted.
    let parts: Vec<&mut [MaybeUninit<f32>]> = match wants_input {
        true => spare.chunks_mut(part * length).collect(),
        false => (0..shape.windows.div_ceil(part))
            .map(|_| &mut [][..])
            .collect(),
    };
    let sums: Vec<Part> = parts
        .into_par_iter()
        .enumerate()
        .map(|(index, input_grads)| {
            let windows = index * part..shape.windows.min((index + 1) * part);
            let mut one = Part::new(unit, &sizes, extras, windows.len());
            let first = windows.start;
            for from in windows.clone().step_by(one.together) {
                let until = windows.end.min(from + one.together);
                for window in from..until {
                    let input = &input[window * sizes.input()..][..sizes.input()];
                    let grad = &output_grad[window * sizes.output()..][..sizes.output()];
                    one.take(window, window - from, input, grad);
                    if wants_input {
                        let place = (window - first) * length;
                        let input_grad = zeroed(&mut input_grads[place..][..length]);
                        one.back_to_input(&phases, input_grad, input);
                    }
                }
                one.sum_weights(until - from);
            }
            one
        })
        .collect();
    if wants_input {
        // SAFETY: every window's gradient has been set to zeros and filled above.
        #[allow(unsafe_code, reason = "memory that is known to be written")]
        unsafe {
            input_grad.set_len(shape.windows * length);
        }
    }
    let (weight, bias) = total(&sizes, &sums);
    ConvGradients {
        input: wants_input.then_some(input_grad),
        weight,
        bias,
    }
}

/// Weights' and bias' gradients of all parts together, in the layouts of both.
fn total(sizes: &Sizes, parts: &[Part<'_>]) -> (Vec<f32>, Vec<f32>) {
    let (shape, instructions) = (sizes.shape, Instructions::detect());
    let mut bias = vec![0.0; shape.channels_out];
    for part in parts {
        rows::add(instructions, &mut bias, &part.bias_grad);
    }
    let tall = sizes.row.next_multiple_of(TILE);
    let chunk = TILE * sizes.wide;
    let count = sizes.groups() * tall * sizes.wide;
    let total = filled(
        count,
        chunk,
        || (),
        |(), index, sums| {
            for part in parts {
                rows::add(
                    instructions,
                    sums,
                    &part.weight_grad[index * chunk..][..sums.len()],
                );
            }
        },
    );
    let depth = shape.kernel * shape.channels_in;
    let weight = filled(
        shape.channels_out * depth,
        depth,
        || (),
        |(), out, values| {
            for (channel, values) in values.chunks_exact_mut(shape.kernel).enumerate() {
                for (tap, value) in values.iter_mut().enumerate() {
                    let (group, phase) = (tap / shape.stride, tap % shape.stride);
                    let row = group * tall + phase * shape.channels_in + channel;
                    *value = total[row * sizes.wide + out];
                }
            }
        },
    );
    (weight, bias)
}

/// Some windows on their way back.
struct Part<'a> {
    unit: Unit,
    sizes: &'a Sizes,
    extras: Extras,
    /// Windows that the product along time takes at once.
    together: usize,
    /// `[group of taps, value of a step, channels out]`, the last two up to whole tiles.
    weight_grad: Vec<f32>,
    bias_grad: Vec<f32>,
    padded: Vec<u16>,
    /// Values of a step by time, all windows of the group after each other.
    transposed: Vec<u16>,
    row: usize,
    /// The outputs' gradients in pairs of steps.
    paired: Vec<u16>,
    masked: Vec<f32>,
    /// A window's gradient, rounded, with zeros before and after.
    grad: Vec<u16>,
    sums: Vec<f32>,
}

impl<'a> Part<'a> {
    fn new(unit: Unit, sizes: &'a Sizes, extras: Extras, windows: usize) -> Self {
        let (shape, steps) = (sizes.shape, sizes.steps());
        let together = (STEPS / steps).clamp(1, windows.max(1));
        let tall = sizes.row.next_multiple_of(TILE);
        let deep = (together * steps).next_multiple_of(TILE_DEPTH);
        let row = deep + (sizes.groups() - 1) * shape.dilation + TILE_DEPTH;
        let (front, last_step) = sizes.around();
        let rows = front + last_step.max(shape.time_out() - 1) + 1 + TILE;
        let phase_rows = (shape.time + shape.stride).div_ceil(shape.stride) + 1;
        Self {
            unit,
            sizes,
            extras,
            together,
            weight_grad: vec![0.0; sizes.groups() * tall * sizes.wide],
            bias_grad: vec![0.0; shape.channels_out],
            padded: sizes.padded(),
            transposed: vec![0; tall * row],
            row,
            paired: vec![0; deep / 2 * 2 * sizes.wide],
            masked: Vec::new(),
            grad: vec![0; rows * shape.channels_out + 2 * TILE_DEPTH],
            sums: vec![
                0.0;
                phase_rows.next_multiple_of(TILE) * shape.channels_in.next_multiple_of(TILE)
            ],
        }
    }

    /// Takes in a window, the `place`-th of those that are multiplied together.
    fn take(&mut self, window: usize, place: usize, input: &[f32], grad: &[f32]) {
        let (sizes, shape, unit) = (self.sizes, self.sizes.shape, self.unit);
        let instructions = Instructions::detect();
        let grad = match self.extras.mask {
            Some(mask) => {
                self.masked.clear();
                self.masked.extend_from_slice(grad);
                rows::apply_mask(
                    instructions,
                    &mut self.masked,
                    mask,
                    window * sizes.output(),
                );
                &self.masked
            }
            None => grad,
        };
        rows::add_rows(instructions, &mut self.bias_grad, grad, shape.channels_out);
        let front = sizes.around().0 * shape.channels_out;
        let rounded = &mut self.grad[front..][..grad.len()];
        round_all(unit, grad, false, rounded);
        let steps = sizes.steps();
        // From a window's first step on: its own pairs, and zeros up to the next window's.
        let paired = &mut self.paired[place * steps * sizes.wide..][..steps * sizes.wide];
        let filled = shape.time_out().next_multiple_of(2) * sizes.wide;
        pairs(
            unit,
            rounded,
            [shape.time_out(), shape.channels_out],
            2 * sizes.wide,
            paired,
        );
        paired[filled..].fill(0);
        sizes.pad(unit, input, self.extras.rectified, &mut self.padded);
        let transposed = &mut self.transposed[place * steps..];
        transpose(unit, &self.padded, [steps, sizes.row], self.row, transposed);
    }

    /// Adds the product along time of the first windows to the weights' gradient.
    fn sum_weights(&mut self, windows: usize) {
        let (sizes, shape) = (self.sizes, self.sizes.shape);
        let steps = windows * sizes.steps();
        self.paired[steps * sizes.wide..].fill(0);
        let tall = sizes.row.next_multiple_of(TILE);
        for group in 0..sizes.groups() {
            let taps = shape.stride.min(shape.kernel - group * shape.stride);
            let left = Left {
                values: &self.transposed[group * shape.dilation..],
                row_stride: self.row,
            };
            let right = Right {
                values: &self.paired,
                panel_stride: 2 * TILE,
                pair_stride: 2 * sizes.wide,
            };
            let of = [taps * shape.channels_in, shape.channels_out, steps];
            let sums = &mut self.weight_grad[group * tall * sizes.wide..];
            multiply(
                self.unit,
                of,
                (left, right),
                sums,
                sizes.wide,
                Start::Result,
            );
        }
    }

    /// Adds what the gradient of the window taken in last is to its input, which is zeros.
    fn back_to_input(&mut self, phases: &[Phase], input_grad: &mut [f32], input: &[f32]) {
        let (shape, instructions) = (self.sizes.shape, Instructions::detect());
        let ([before, _], channels) = (shape.padding, shape.channels_out);
        let front = self.sizes.around().0;
        let wide = shape.channels_in.next_multiple_of(TILE);
        for phase in phases {
            let first = before.saturating_sub(phase.offset).div_ceil(shape.stride);
            if phase.offset + shape.stride * first >= shape.time + before {
                continue;
            }
            let time = phase.offset + shape.stride * first - before;
            let steps = (shape.time - 1 - time) / shape.stride + 1;
            // The last tap lies first.
            for (run, place) in (0..phase.taps).step_by(phase.run).enumerate() {
                let back = (phase.taps - 1 - place) * shape.dilation;
                let left = Left {
                    values: &self.grad[(front + first - back) * channels..],
                    row_stride: channels,
                };
                let deep = (phase.run * channels).next_multiple_of(TILE_DEPTH);
                let right = Right {
                    values: &phase.packed[run * deep * TILE..],
                    panel_stride: phase.taps / phase.run * deep * TILE,
                    pair_stride: 2 * TILE,
                };
                let of = [steps, shape.channels_in, phase.run * channels];
                multiply(
                    self.unit,
                    of,
                    (left, right),
                    &mut self.sums,
                    wide,
                    start(run),
                );
            }
            let rows = input_grad[time * shape.channels_in..]
                .chunks_mut(shape.stride * shape.channels_in)
                .zip(self.sums.chunks_exact(wide));
            for (row, sums) in rows.take(steps) {
                row[..shape.channels_in].copy_from_slice(&sums[..shape.channels_in]);
            }
        }
        if self.extras.rectified {
            rows::back_through_rectifier(instructions, input_grad, input);
        }
    }
}

impl Sizes {
    /// Steps of zeros before a window's gradient, and the last step that an input meets.
    ///
    /// Input t is `offset + stride * step - before`; it meets the outputs from `step - taps + 1` to
    /// `step`, or, without a stride, every `dilation`-th up to `step`.
    fn around(&self) -> (usize, usize) {
        let shape = self.shape;
        let front = (self.groups() - 1) * shape.dilation;
        (front, (shape.time - 1 + shape.padding[0]) / shape.stride)
    }
}

/// The inputs whose time is this much after a multiple of the stride, padding included, and the
/// taps they meet.
struct Phase {
    offset: usize,
    taps: usize,
    /// Taps that one product takes.
    run: usize,
    /// `[taps * channels_out, channels_in]` in panels, run by run, the last tap first.
    packed: Vec<u16>,
}

fn phases(sizes: &Sizes, weight: &[f32]) -> Vec<Phase> {
    let shape = sizes.shape;
    let depth = shape.kernel * shape.channels_in;
    let of = |offset: usize| {
        let taps = (shape.kernel - offset).div_ceil(shape.stride);
        let run = if shape.dilation == 1 { taps } else { 1 };
        let deep = (run * shape.channels_out).next_multiple_of(TILE_DEPTH);
        let panel = taps / run * deep * TILE;
        let mut packed = vec![0; shape.channels_in.div_ceil(TILE) * panel];
        for (out, row) in weight.chunks_exact(depth).enumerate() {
            for (channel, values) in row.chunks_exact(shape.kernel).enumerate() {
                let start = channel / TILE * panel;
                for (tap, value) in values.iter().skip(offset).step_by(shape.stride).enumerate() {
                    let place = taps - 1 - tap;
                    let k = place % run * shape.channels_out + out;
                    let at = place / run * deep * TILE + paired(k, channel % TILE);
                    packed[start + at] = round(*value);
                }
            }
        }
        Phase {
            offset,
            taps,
            run,
            packed,
        }
    };
    (0..shape.stride.min(shape.kernel))
        .into_par_iter()
        .map(of)
        .collect()
}

#[cfg(test)]
mod tests;

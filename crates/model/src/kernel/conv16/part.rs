//! Some windows of a convolution on their way back.

use rayon::prelude::*;

use super::super::bf16::{
    Left, Right, Start, TILE, TILE_DEPTH, Unit, in_panel, multiply, pairs, round_all, transpose,
};
use super::super::conv::{ConvShape, Extras};
use super::super::rows;
use super::super::tile::Instructions;
use super::sizes::{Sizes, start};

/// Time steps that are multiplied together for the weights' gradient, about.
const STEPS: usize = 256;

/// Some windows on their way back.
pub(super) struct Part<'a> {
    unit: Unit,
    sizes: &'a Sizes,
    extras: Extras,
    /// Windows that the product along time takes at once.
    pub(super) together: usize,
    /// `[group of taps, value of a step, channels out]`, the last two up to whole tiles.
    pub(super) weight_grad: Vec<f32>,
    pub(super) bias_grad: Vec<f32>,
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
    pub(super) fn new(unit: Unit, sizes: &'a Sizes, extras: Extras, windows: usize) -> Self {
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
    pub(super) fn take(&mut self, window: usize, place: usize, input: &[f32], grad: &[f32]) {
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
    pub(super) fn sum_weights(&mut self, windows: usize) {
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
    pub(super) fn back_to_input(
        &mut self,
        phases: &[Phase],
        input_grad: &mut [f32],
        input: &[f32],
    ) {
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
            // Whole tiles go where they belong at once.
            let is_whole = steps.is_multiple_of(TILE) && shape.channels_in == wide;
            let (sums, row) = match is_whole {
                true => {
                    let own = &mut input_grad[time * shape.channels_in..];
                    (own, shape.stride * shape.channels_in)
                }
                false => (&mut self.sums[..], wide),
            };
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
                multiply(self.unit, of, (left, right), sums, row, start(run));
            }
            if is_whole {
                continue;
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

/// The inputs whose time is this much after a multiple of the stride, padding included, and the
/// taps they meet.
pub(super) struct Phase {
    offset: usize,
    taps: usize,
    /// Taps that one product takes.
    run: usize,
    /// `[taps * channels_out, channels_in]` in panels, run by run, the last tap first.
    packed: Vec<u16>,
}

/// The phases of a convolution, with its weights rounded and packed.
pub(super) fn phases(unit: Unit, sizes: &Sizes, weight: &[f32]) -> Vec<Phase> {
    let shape = sizes.shape;
    let mut rounded = vec![0; weight.len()];
    round_all(unit, weight, false, &mut rounded);
    let of = |offset: usize| Phase::new(shape, offset, &rounded);
    (0..shape.stride.min(shape.kernel))
        .into_par_iter()
        .map(of)
        .collect()
}

impl Phase {
    /// Packs the rounded weights, `[channels_out, channels_in, kernel]`, of the taps of a phase.
    fn new(shape: ConvShape, offset: usize, weight: &[u16]) -> Self {
        let taps = (shape.kernel - offset).div_ceil(shape.stride);
        let run = if shape.dilation == 1 { taps } else { 1 };
        let deep = (run * shape.channels_out).next_multiple_of(TILE_DEPTH);
        let panel = taps / run * deep * TILE;
        // Of each tap: its place in the kernel, its run's place in a panel, and the depth in the run at which
        // it begins.
        let of_tap = |tap: usize| {
            let place = taps - 1 - tap;
            let tap = offset + tap * shape.stride;
            (
                tap,
                place / run * deep * TILE,
                place % run * shape.channels_out,
            )
        };
        let of_taps: Vec<_> = (0..taps).map(of_tap).collect();
        let mut packed = vec![0; shape.channels_in.div_ceil(TILE) * panel];
        let panels = packed.par_chunks_mut(panel).enumerate();
        panels.for_each(|(index, packed)| {
            let own = index * TILE..shape.channels_in.min((index + 1) * TILE);
            let rows = weight.chunks_exact(shape.kernel * shape.channels_in);
            for (out, row) in rows.enumerate() {
                let row = &row[own.start * shape.kernel..own.end * shape.kernel];
                for &(tap, run_start, first) in &of_taps {
                    let values = row[tap..].iter().step_by(shape.kernel);
                    let places = &mut packed[run_start + in_panel(first + out, 0)..];
                    let places = places.iter_mut().step_by(2);
                    values
                        .zip(places)
                        .for_each(|(value, place)| *place = *value);
                }
            }
        });
        Self {
            offset,
            taps,
            run,
            packed,
        }
    }
}

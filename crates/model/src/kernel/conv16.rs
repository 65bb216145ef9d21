//! The convolution with products of bf16 numbers, forward and backward.
//!
//! As in [`super::conv`], a window at a time. Operands are rounded in the nearest cache, sums are
//! f32. Weights' gradients are products along time: the windows' inputs are transposed for them,
//! some windows beside each other.

mod part;
mod sizes;

use rayon::prelude::*;

use super::bf16::{Left, Right, TILE, Unit, in_panel, multiply, round_all};
use super::buffer::{filled, filled_in_parts};
use super::conv::{ConvGradients, ConvShape, Extras, in_layout};
use super::rows;
use super::tile::Instructions;
use part::{Part, phases};
use sizes::{Sizes, start};

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
    let packed = packed(unit, &sizes, weight);
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
            let output = output.zeros();
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
            output
        },
    )
}

/// The weights in panels of channels out, run by run.
fn packed(unit: Unit, sizes: &Sizes, weight: &[f32]) -> Vec<u16> {
    let shape = sizes.shape;
    let (depth, panel) = (
        shape.kernel * shape.channels_in,
        sizes.runs * sizes.deep_run * TILE,
    );
    let mut packed = vec![0; sizes.wide / TILE * panel];
    let panels = packed
        .par_chunks_mut(panel)
        .zip(weight.par_chunks(TILE * depth));
    panels.for_each_init(Vec::new, |rounded, (packed, weight)| {
        rounded.resize(weight.len(), 0);
        round_all(unit, weight, false, rounded);
        for at in 0..depth {
            let (channel, tap) = (at / shape.kernel, at % shape.kernel);
            let (run, k) = match sizes.runs {
                1 => (0, tap * shape.channels_in + channel),
                _ => (tap, channel),
            };
            let place = run * sizes.deep_run * TILE + in_panel(k, 0);
            let outputs = rounded[at..].iter().step_by(depth);
            let places = packed[place..].iter_mut().step_by(2);
            places.zip(outputs).for_each(|(to, from)| *to = *from);
        }
    });
    packed
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
        phases(unit, &sizes, weight)
    } else {
        Vec::new()
    };
    let part = shape.part_windows();
    // The input's gradient is empty where it is not wanted.
    let length = if wants_input { sizes.input() } else { 0 };
    let (input_grad, sums) =
        filled_in_parts([shape.windows, length], part, |first, input_grads| {
            let windows = first..shape.windows.min(first + part);
            let mut one = Part::new(unit, &sizes, extras, windows.len());
            for from in windows.clone().step_by(one.together) {
                let until = windows.end.min(from + one.together);
                for window in from..until {
                    let input = &input[window * sizes.input()..][..sizes.input()];
                    let grad = &output_grad[window * sizes.output()..][..sizes.output()];
                    one.take(window, window - from, input, grad);
                    if wants_input {
                        one.back_to_input(&phases, input_grads.take(1), input);
                    }
                }
                one.sum_weights(until - from);
            }
            one
        });
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
    let (count, chunk) = (sizes.groups() * tall * sizes.wide, TILE * sizes.wide);
    let total = filled(
        count,
        chunk,
        || (),
        |(), index, sums| {
            let sums = sums.zeros();
            for part in parts {
                let part = &part.weight_grad[index * chunk..][..sums.len()];
                rows::add(instructions, sums, part);
            }
            sums
        },
    );
    let row = |tap, channel| {
        let (group, phase) = (tap / shape.stride, tap % shape.stride);
        group * tall + phase * shape.channels_in + channel
    };
    let weight = in_layout(&shape, &total, sizes.wide, row);
    (weight, bias)
}

#[cfg(test)]
mod tests;

//! Convolution over time on the CPU, forward and backward, one window after the other.
//!
//! A window of a layer fits into the processor's nearest cache, so that everything that is done to
//! it (padding, activation, the product, bias and the skip connection) costs one pass over memory.
//! The taps of the kernel lie beside each other in memory, and so do those of the next row, one
//! stride further: one product over rows that overlap takes them all, without copying patches
//! together.

mod shape;
mod weight_grad;

use rayon::prelude::*;

use super::buffer::{filled, filled_in_parts};
use super::mask::Mask;
use super::precision::Precision;
use super::rows;
use super::tile::{Instructions, LANES, LeftOperand, RightOperand, multiply_add};
pub use shape::ConvShape;
pub(super) use weight_grad::in_layout;
use weight_grad::{Operands, Part, Sums};

/// What is done in passing to what goes in and what comes out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extras {
    /// The input goes through a rectifier.
    pub rectified: bool,
    /// Dropout of the output.
    pub mask: Option<Mask>,
    /// The numbers that products are made of.
    pub precision: Precision,
}

/// Gradients of a loss by the operands of a convolution, in their layouts.
#[derive(Debug)]
pub struct ConvGradients {
    /// None where it was not asked for.
    pub input: Option<Vec<f32>>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Time steps whose products are added to the weights' gradient together, about.
const STEPS: usize = 64;

/// `dropout(conv(f(x)) + bias + residual)`, with `f` a rectifier or nothing.
///
/// # Shapes
///
/// - input: `[window, time, channels_in]`
/// - weight: `[channels_out, channels_in, kernel]`
/// - bias: `[channels_out]`
/// - residual, output: `[window, time_out, channels_out]`
pub fn forward(
    shape: ConvShape,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    residual: Option<&[f32]>,
    extras: Extras,
) -> Vec<f32> {
    let instructions = Instructions::detect();
    let packed = packed(&shape, weight);
    let length = shape.output_len();
    filled(
        shape.windows * length,
        length,
        Vec::new,
        |scratch, window, output| {
            let input = &input[window * shape.input_len()..][..shape.input_len()];
            let output = match residual {
                Some(residual) => {
                    let output = output.copies(&residual[window * length..][..length]);
                    rows::add_to_rows(instructions, output, bias);
                    output
                }
                None => output.copies(bias),
            };
            let input = prepared(instructions, &shape, input, extras.rectified, scratch);
            for (tap, taps) in shape.runs() {
                let values = &input[tap * shape.dilation * shape.channels_in..];
                let a = LeftOperand {
                    values,
                    row_stride: shape.stride * shape.channels_in,
                    k_stride: 1,
                };
                let values = &packed[tap * shape.channels_in * LANES..];
                let b = RightOperand {
                    values,
                    panel_stride: shape.depth() * LANES,
                    k_stride: LANES,
                };
                let sizes = [
                    shape.time_out(),
                    shape.channels_out,
                    taps * shape.channels_in,
                ];
                multiply_add(instructions, sizes, a, b, output, shape.channels_out);
            }
            if let Some(mask) = extras.mask {
                rows::apply_mask(instructions, output, mask, window * length);
            }
            output
        },
    )
}

/// Gradients of [`forward`] by input, weight and bias; that by the residual is, without a mask,
/// `output_grad` itself.
#[expect(
    clippy::too_many_lines,
    reason = "the loops of one kernel share their buffers"
)]
pub fn backward(
    shape: ConvShape,
    input: &[f32],
    weight: &[f32],
    output_grad: &[f32],
    extras: Extras,
    wants_input: bool,
) -> ConvGradients {
    let instructions = Instructions::detect();
    let phases = if wants_input {
        phases(&shape, weight)
    } else {
        Vec::new()
    };
    let part = shape.part_windows();
    let sums = Sums::new(shape);
    let together = match sums.keeps_windows {
        true => part,
        false => STEPS.div_ceil(shape.time_out()).min(part),
    };
    // The input's gradient is empty where it is not wanted.
    let length = if wants_input { shape.input_len() } else { 0 };
    let (input_grad, parts) =
        filled_in_parts([shape.windows, length], part, |first, input_grads| {
            let (mut one, mut bias_grad) = (Part::default(), vec![0.0; shape.channels_out]);
            let (mut padded, mut masked) = (Vec::new(), Vec::new());
            let until = shape.windows.min(first + part);
            for from in (first..until).step_by(together) {
                let count = together.min(until - from);
                one.windows
                    .resize_with(count.max(one.windows.len()), Operands::default);
                for (window, operands) in (from..from + count).zip(&mut one.windows) {
                    let input = &input[window * shape.input_len()..][..shape.input_len()];
                    let place = window * shape.output_len();
                    let whole_grad = &output_grad[place..][..shape.output_len()];
                    let grad = match extras.mask {
                        Some(mask) => {
                            masked.clear();
                            masked.extend_from_slice(whole_grad);
                            rows::apply_mask(instructions, &mut masked, mask, place);
                            &masked
                        }
                        None => whole_grad,
                    };
                    rows::add_rows(instructions, &mut bias_grad, grad, shape.channels_out);
                    if wants_input {
                        let input_grad = input_grads.take(1);
                        back_to_input(instructions, &shape, &phases, grad, &mut padded, input_grad);
                        if extras.rectified {
                            rows::back_through_rectifier(instructions, input_grad, input);
                        }
                    }
                    let input = (input, extras.rectified);
                    let grads = (whole_grad, extras.mask.map(|_| grad));
                    operands.take(instructions, &sums, input, grads);
                }
                if !sums.keeps_windows {
                    one.sum(instructions, &sums, count);
                }
            }
            if !sums.keeps_windows {
                one.windows = Vec::new();
            }
            (one, bias_grad)
        });
    let (parts, bias_grads): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let mut bias = vec![0.0; shape.channels_out];
    for bias_grad in &bias_grads {
        rows::add(instructions, &mut bias, bias_grad);
    }
    ConvGradients {
        input: wants_input.then_some(input_grad),
        weight: sums.total(instructions, &parts),
        bias,
    }
}

/// The window with zeros at both ends and rectified, where it has to be.
fn prepared<'a>(
    instructions: Instructions,
    shape: &ConvShape,
    input: &'a [f32],
    rectified: bool,
    scratch: &'a mut Vec<f32>,
) -> &'a [f32] {
    if !rectified && shape.padding == [0; 2] {
        return input;
    }
    let [before, after] = shape.padding.map(|steps| steps * shape.channels_in);
    // The ends stay zeros from one window to the next.
    scratch.resize(before + input.len() + after, 0.0);
    let middle = &mut scratch[before..][..input.len()];
    match rectified {
        true => rows::rectify(instructions, input, middle),
        false => middle.copy_from_slice(input),
    }
    scratch
}

/// The inputs whose time is this much after a multiple of the stride, padding included, and the
/// taps they meet.
struct Phase {
    offset: usize,
    taps: usize,
    /// `[taps * channels_out, channels_in]` in panels, the last tap first.
    packed: Vec<f32>,
}

fn phases(shape: &ConvShape, weight: &[f32]) -> Vec<Phase> {
    let met = (0..shape.stride.min(shape.kernel)).map(|offset| {
        let taps = (shape.kernel - offset).div_ceil(shape.stride);
        let depth = taps * shape.channels_out;
        let mut packed = vec![0.0; shape.channels_in.div_ceil(LANES) * depth * LANES];
        let panels = packed.par_chunks_mut(depth * LANES).enumerate();
        panels.for_each(|(panel, packed)| {
            let own = panel * LANES..shape.channels_in.min((panel + 1) * LANES);
            for (out, row) in weight.chunks_exact(shape.depth()).enumerate() {
                let row = &row[own.start * shape.kernel..own.end * shape.kernel];
                for tap in 0..taps {
                    let place = (taps - 1 - tap) * shape.channels_out + out;
                    let values = row[offset + tap * shape.stride..]
                        .iter()
                        .step_by(shape.kernel);
                    let places = packed[place * LANES..][..LANES].iter_mut();
                    places
                        .zip(values)
                        .for_each(|(place, value)| *place = *value);
                }
            }
        });
        Phase {
            offset,
            taps,
            packed,
        }
    });
    met.collect()
}

/// `[kernel * channels_in, channels_out]` in panels of [`LANES`] columns, zeros beyond the last.
fn packed(shape: &ConvShape, weight: &[f32]) -> Vec<f32> {
    let depth = shape.depth();
    let mut packed = vec![0.0; shape.channels_out.div_ceil(LANES) * depth * LANES];
    let panels = packed
        .par_chunks_mut(depth * LANES)
        .zip(weight.par_chunks(depth * LANES));
    // A panel is larger than the nearest cache, the 16 rows that it is made of are read in order: so a
    // row of the panel is written at once.
    panels.for_each(|(packed, weight)| {
        for channel in 0..shape.channels_in {
            for tap in 0..shape.kernel {
                let row = &mut packed[(tap * shape.channels_in + channel) * LANES..][..LANES];
                let place = channel * shape.kernel + tap;
                for (value, weights) in row.iter_mut().zip(weight.chunks_exact(depth)) {
                    *value = weights[place];
                }
            }
        }
    });
    packed
}

/// Adds what the outputs' gradient is to one window's input.
fn back_to_input(
    instructions: Instructions,
    shape: &ConvShape,
    phases: &[Phase],
    grad: &[f32],
    padded: &mut Vec<f32>,
    input_grad: &mut [f32],
) {
    let ([before, _], channels) = (shape.padding, shape.channels_out);
    let front = (shape.kernel.div_ceil(shape.stride) - 1) * shape.dilation;
    // Input t is `offset + stride * step - before`; it meets the outputs from `step - taps + 1` to
    // `step`, or, without a stride, every `dilation`-th up to `step`.
    let last_step = (shape.time - 1 + before) / shape.stride;
    padded.clear();
    padded.resize(front * channels, 0.0);
    padded.extend_from_slice(grad);
    padded.resize(
        (front + last_step.max(shape.time_out() - 1) + 1) * channels,
        0.0,
    );
    for phase in phases {
        let first = before.saturating_sub(phase.offset).div_ceil(shape.stride);
        if phase.offset + shape.stride * first >= shape.time + before {
            continue;
        }
        let time = phase.offset + shape.stride * first - before;
        let steps = (shape.time - 1 - time) / shape.stride + 1;
        let rows = &mut input_grad[time * shape.channels_in..];
        // The last tap lies first.
        let run = if shape.dilation == 1 { phase.taps } else { 1 };
        for place in (0..phase.taps).step_by(run) {
            let back = (phase.taps - 1 - place) * shape.dilation;
            let a = LeftOperand {
                values: &padded[(front + first - back) * channels..],
                row_stride: channels,
                k_stride: 1,
            };
            let values = &phase.packed[place * channels * LANES..];
            let b = RightOperand {
                values,
                panel_stride: phase.taps * channels * LANES,
                k_stride: LANES,
            };
            let sizes = [steps, shape.channels_in, run * channels];
            multiply_add(
                instructions,
                sizes,
                a,
                b,
                rows,
                shape.stride * shape.channels_in,
            );
        }
    }
}

#[cfg(test)]
mod tests;

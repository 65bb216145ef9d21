//! A recurrent layer over time on the CPU, forward and backward, some windows at once.
//!
//! What the input says to the gates is one product over all steps and is made before. Here a few
//! windows go through time together: their states stay in the nearest cache, and each step is one
//! small product and what [`super::cell`] does.

use rayon::prelude::*;

use super::bf16::TILE;
use super::buffer::filled_in_parts;
use super::cell::{BackwardStep, CellKind, ForwardStep};
use super::hidden::{Matrix, Products, Scratch};
use super::rows;
use super::tile::{Instructions, LANES};

/// Sizes of a recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecurrentShape {
    pub cell: CellKind,
    pub windows: usize,
    pub time: usize,
    /// Width of the hidden state.
    pub units: usize,
    /// From the last step to the first.
    pub reversed: bool,
}

/// Gradients of a loss by the operands of a recurrent layer, in their layouts.
#[derive(Debug)]
pub struct RecurrentGradients {
    pub input: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Windows that go through time together: the rows of a tile.
const TOGETHER: usize = TILE;

/// Most parts that the weights' gradient is summed in. Their number follows from the windows alone,
/// so that the gradient's bits do not depend on the threads.
const PARTS: usize = 32;

/// Fewest windows of a part: as many as the rows of a tile, as one row alone would fetch all weights
/// for itself.
const LEAST: usize = 8;

impl RecurrentShape {
    /// Values of all gates of a step.
    pub fn gates(&self) -> usize {
        self.cell.gates() * self.units
    }

    /// Values that the backward pass needs of a step.
    fn kept(&self) -> usize {
        self.cell.kept() * self.units
    }

    /// Steps in the order in which they are made.
    fn steps(&self) -> impl DoubleEndedIterator<Item = usize> {
        let (time, reversed) = (self.time, self.reversed);
        (0..time).map(move |step| if reversed { time - 1 - step } else { step })
    }

    /// The step that is made before this one.
    fn before(&self, step: usize) -> Option<usize> {
        if self.reversed {
            Some(step + 1).filter(|&step| step < self.time)
        } else {
            step.checked_sub(1)
        }
    }
}

/// Hidden states of all steps, and what the backward pass needs (empty where it is not wanted).
///
/// # Shapes
///
/// - input: `[window, time, gates]`, the input's part of the gates
/// - weight: `[gates, units]`
/// - bias: `[gates]`
/// - output: `[window, time, units]` and `[window, time, kept]`
pub fn forward(
    products: Products,
    shape: RecurrentShape,
    [input, weight, bias]: [&[f32]; 3],
    keeps: bool,
) -> (Vec<f32>, Vec<f32>) {
    let instructions = Instructions::detect();
    let RecurrentShape {
        cell,
        windows,
        time,
        units,
        ..
    } = shape;
    let (gates, kept) = (shape.gates(), if keeps { shape.kept() } else { 0 });
    let (added, width) = (cell.added() * units, gates.next_multiple_of(LANES));
    let weight = Matrix::new(products, [units, gates], |unit, gate| {
        weight[gate * units + unit]
    });
    let mut output = vec![0.0; windows * time * units];
    let mut all_kept = vec![0.0; windows * time * kept];
    let chunk = TOGETHER * time;
    // One empty chunk for each chunk of windows, where nothing is kept.
    let keeping: Vec<&mut [f32]> = match keeps {
        true => all_kept.chunks_mut(chunk * kept).collect(),
        false => (0..windows.div_ceil(TOGETHER))
            .map(|_| &mut [][..])
            .collect(),
    };
    let chunks = output
        .par_chunks_mut(chunk * units)
        .zip(input.par_chunks(chunk * gates))
        .zip(keeping);
    chunks.for_each(|((output, input), keeping)| {
        let rows = output.len() / (time * units);
        let (mut hidden, mut state) = (vec![0.0; rows * units], vec![0.0; rows * units]);
        let (mut sums, mut scratch) = (vec![0.0; TOGETHER * width], Scratch::default());
        for (count, step) in shape.steps().enumerate() {
            for (row, sums) in sums.chunks_exact_mut(width).enumerate().take(rows) {
                let input = &input[(row * time + step) * gates..][..gates];
                sums[..gates].copy_from_slice(bias);
                rows::add(instructions, &mut sums[..added], input);
            }
            // The first hidden state is zeros.
            if count > 0 {
                weight.add_product((&hidden, units, rows), &mut sums, &mut scratch);
            }
            for row in 0..rows {
                let (at, own) = (row * time + step, row * units..(row + 1) * units);
                instructions.run(ForwardStep {
                    cell,
                    input: &input[at * gates..][..gates],
                    gates: &sums[row * width..][..gates],
                    state: &mut state[own.clone()],
                    hidden: &mut hidden[own.clone()],
                    kept: &mut keeping[at * kept..][..kept],
                });
                output[at * units..][..units].copy_from_slice(&hidden[own]);
            }
        }
    });
    (output, all_kept)
}

/// Gradients of [`forward`] by input, weight and bias.
///
/// # Shapes
///
/// - weight, output, kept: as there
/// - output_grad: `[window, time, units]`
pub fn backward(
    products: Products,
    shape: RecurrentShape,
    weight: &[f32],
    [output, kept, output_grad]: [&[f32]; 3],
) -> RecurrentGradients {
    let (units, gates, width) = (
        shape.units,
        shape.gates(),
        shape.gates().next_multiple_of(LANES),
    );
    let weight = Matrix::new(products, [gates, units], |gate, unit| {
        weight[gate * units + unit]
    });
    let part = shape.windows.div_ceil(PARTS).max(LEAST);
    let (input_grad, sums): (_, Vec<(Vec<f32>, Vec<f32>)>) = filled_in_parts(
        [shape.windows, shape.time * gates],
        part,
        |first, input_grads| {
            let rows = units.next_multiple_of(TILE);
            let mut sums = (vec![0.0; rows * width], vec![0.0; gates]);
            let (mut grads, mut scratch) = (Vec::new(), Scratch::default());
            let last = shape.windows.min(first + part);
            for window in (first..last).step_by(TOGETHER) {
                let (first, rows) = (window * shape.time, TOGETHER.min(last - window));
                let (steps, input_grad) = (rows * shape.time, input_grads.take(rows));
                let chunk = BackwardChunk {
                    shape,
                    output: &output[first * units..][..steps * units],
                    kept: &kept[first * shape.kept()..][..steps * shape.kept()],
                    output_grad: &output_grad[first * units..][..steps * units],
                };
                chunk.back_through_time(&weight, width, input_grad, (&mut grads, &mut scratch));
                chunk.sum_weights(products, (&grads, width), &mut sums, &mut scratch);
            }
            sums
        },
    );
    let (mut total, mut bias) = (vec![0.0; units * width], vec![0.0; gates]);
    for (weight_grad, bias_grad) in &sums {
        total
            .iter_mut()
            .zip(weight_grad)
            .for_each(|(sum, value)| *sum += value);
        bias.iter_mut()
            .zip(bias_grad)
            .for_each(|(sum, value)| *sum += value);
    }
    let weight = (0..gates * units)
        .map(|at| total[at % units * width + at / units])
        .collect();
    RecurrentGradients {
        input: input_grad,
        weight,
        bias,
    }
}

/// Windows that go back through time together.
struct BackwardChunk<'a> {
    shape: RecurrentShape,
    output: &'a [f32],
    kept: &'a [f32],
    output_grad: &'a [f32],
}

impl BackwardChunk<'_> {
    /// Gradients by both parts of the gates: the input's, and the recurrent in rows of `width`
    /// values.
    fn back_through_time(
        &self,
        weight: &Matrix,
        width: usize,
        input_grad: &mut [f32],
        (recurrent_grad, scratch): (&mut Vec<f32>, &mut Scratch),
    ) {
        let instructions = Instructions::detect();
        let RecurrentShape {
            cell, time, units, ..
        } = self.shape;
        let (gates, kept) = (self.shape.gates(), self.shape.kept());
        let rows = input_grad.len() / (time * gates);
        recurrent_grad.clear();
        recurrent_grad.resize(rows * time * width, 0.0);
        let wide = units.next_multiple_of(LANES);
        let (mut hidden_grad, mut state_grad) =
            (vec![0.0; TOGETHER * wide], vec![0.0; rows * units]);
        let zeros = vec![0.0; units];
        for step in self.shape.steps().rev() {
            for row in 0..rows {
                let (at, own) = (row * time + step, row * units..(row + 1) * units);
                let before = self.shape.before(step).map(|step| row * time + step);
                let before = match (before, cell) {
                    (None, _) => &zeros[..],
                    (Some(before), CellKind::Lstm) => {
                        &self.kept[before * kept..][4 * units..5 * units]
                    }
                    (Some(before), CellKind::Gru) => &self.output[before * units..][..units],
                };
                instructions.run(BackwardStep {
                    cell,
                    kept: &self.kept[at * kept..][..kept],
                    before,
                    output_grad: &self.output_grad[at * units..][..units],
                    hidden_grad: &mut hidden_grad[row * wide..][..units],
                    state_grad: &mut state_grad[own],
                    input_grad: &mut input_grad[at * gates..][..gates],
                    recurrent_grad: &mut recurrent_grad[at * width..][..gates],
                });
            }
            let grads = &recurrent_grad[step * width..];
            weight.add_product((grads, time * width, rows), &mut hidden_grad, scratch);
        }
    }

    /// Adds what the steps' recurrent gradients are to the weight, `[units, width]`, and to the
    /// bias.
    fn sum_weights(
        &self,
        products: Products,
        (recurrent_grad, width): (&[f32], usize),
        (weight, bias): &mut (Vec<f32>, Vec<f32>),
        scratch: &mut Scratch,
    ) {
        let instructions = Instructions::detect();
        let RecurrentShape {
            time,
            units,
            reversed,
            ..
        } = self.shape;
        for (grads, output) in recurrent_grad
            .chunks_exact(time * width)
            .zip(self.output.chunks_exact(time * units))
        {
            rows::add_rows(instructions, bias, grads, width);
            // Each step's gradient meets the hidden state before it.
            let (output, grads) = match reversed {
                _ if time == 1 => continue,
                false => (output, &grads[width..]),
                true => (&output[units..], grads),
            };
            let steps = (time - 1, output, grads);
            products.add_along_time(steps, [units, width], weight, scratch);
        }
    }
}

#[cfg(test)]
mod tests;

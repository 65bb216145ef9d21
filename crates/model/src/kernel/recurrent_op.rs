//! The recurrent layer as an operation of Burn's, with its backward pass.

use std::time::Duration;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::Tensor;

use super::cell::CellKind;
use super::hidden::Products;
use super::op::{primitive, tensor, values};
use super::precision::Precision;
use super::profile::{KernelCall, timed};
use super::recurrent::{self, RecurrentShape};

/// A recurrent layer and what goes in.
pub(crate) struct Recurrence {
    pub cell: CellKind,
    /// The input's part of the gates, `[window, time, gates]`.
    pub input: Tensor<3>,
    /// `[gates, units]`
    pub weight: Tensor<2>,
    /// `[gates]`
    pub bias: Tensor<1>,
    /// From the last step to the first.
    pub reversed: bool,
}

/// Applies a recurrent layer to tensors of the flex backend; gives back those of any other.
///
/// # Shapes
///
/// - output: `[window, time, units]`
pub(crate) fn recur(recurrence: Recurrence) -> Result<Tensor<3>, Box<Recurrence>> {
    if recurrence
        .input
        .clone()
        .try_into_primitive::<Flex>()
        .is_ok()
    {
        return Ok(without_gradients(recurrence));
    }
    if recurrence
        .input
        .clone()
        .try_into_primitive::<Autodiff<Flex>>()
        .is_ok()
    {
        return Ok(with_gradients(recurrence));
    }
    Err(Box::new(recurrence))
}

impl Recurrence {
    fn shape(&self) -> RecurrentShape {
        let ([windows, time, _], [_, units]) = (self.input.dims(), self.weight.dims());
        RecurrentShape {
            cell: self.cell,
            windows,
            time,
            units,
            reversed: self.reversed,
        }
    }
}

fn without_gradients(recurrence: Recurrence) -> Tensor<3> {
    let (products, shape) = (Products::detect(Precision::current()), recurrence.shape());
    let input = primitive!(recurrence.input, Flex);
    let weight = primitive!(recurrence.weight, Flex);
    let bias = primitive!(recurrence.bias, Flex);
    Tensor::from_primitive::<Flex>(apply(products, shape, [&input, &weight, &bias], false).0)
}

/// Hidden states, and what the backward pass needs.
fn apply(
    products: Products,
    shape: RecurrentShape,
    operands: [&FlexTensor; 3],
    keeps: bool,
) -> (FlexTensor, FlexTensor) {
    let operands = operands.map(FlexTensor::to_contiguous);
    let operands = operands.each_ref().map(values);
    let (output, kept) = timed(
        || call(shape, false),
        || recurrent::forward(products, shape, operands, keeps),
    );
    let count = kept.len();
    (
        tensor(output, vec![shape.windows, shape.time, shape.units]),
        tensor(kept, vec![count]),
    )
}

/// The call of a kernel: a backward pass has two products for each of the forward pass.
fn call(shape: RecurrentShape, is_backward: bool) -> KernelCall {
    let product = shape.windows * shape.time * shape.gates() * shape.units;
    let products = if is_backward { 2 } else { 1 };
    KernelCall {
        layer: format!(
            "{:?} of {} units, steps {}",
            shape.cell, shape.units, shape.time
        ),
        is_backward,
        flop: 2 * products * product as u64,
        elapsed: Duration::ZERO,
    }
}

#[derive(Debug)]
struct RecurrenceBackward;

/// What the backward pass needs.
#[derive(Debug, Clone)]
struct State {
    products: Products,
    shape: RecurrentShape,
    weight: FlexTensor,
    output: FlexTensor,
    kept: FlexTensor,
}

fn with_gradients(recurrence: Recurrence) -> Tensor<3> {
    let (products, shape) = (Products::detect(Precision::current()), recurrence.shape());
    let (input, input_node) = primitive!(recurrence.input, Autodiff<Flex>).into_parts();
    let (weight, weight_node) = primitive!(recurrence.weight, Autodiff<Flex>).into_parts();
    let (bias, bias_node) = primitive!(recurrence.bias, Autodiff<Flex>).into_parts();
    let nodes = [input_node, weight_node, bias_node];
    let output = match Backward::<Flex, 3>::prepare::<NoCheckpointing>(RecurrenceBackward, nodes)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prepared) => {
            let (output, kept) = apply(products, shape, [&input, &weight, &bias], true);
            let state = State {
                products,
                shape,
                weight: weight.to_contiguous(),
                output: output.clone(),
                kept,
            };
            prepared.finish(state, output)
        }
        OpsKind::UnTracked(prepared) => {
            prepared.finish(apply(products, shape, [&input, &weight, &bias], false).0)
        }
    };
    Tensor::from_primitive::<Autodiff<Flex>>(output)
}

impl Backward<Flex, 3> for RecurrenceBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let State {
            products,
            shape,
            weight,
            output,
            kept,
        } = &ops.state;
        let grad = grads.consume::<Flex>(&ops.node).to_contiguous();
        let steps = [values(output), values(kept), values(&grad)];
        let found = timed(
            || call(*shape, true),
            || recurrent::backward(*products, *shape, values(weight), steps),
        );
        let sizes = [
            vec![shape.windows, shape.time, shape.gates()],
            vec![shape.gates(), shape.units],
            vec![shape.gates()],
        ];
        let operands = [found.input, found.weight, found.bias]
            .into_iter()
            .zip(sizes);
        for (node, (found, sizes)) in ops.parents.iter().zip(operands) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor(found, sizes));
            }
        }
    }
}

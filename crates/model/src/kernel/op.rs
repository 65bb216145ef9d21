//! The convolution as an operation of Burn's, with its backward pass.

use std::time::Duration;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Device, Tensor, TensorData};

use super::Mask;
use super::bf16::Unit;
use super::conv::{self, ConvShape, Extras};
use super::conv16;
use super::precision::Precision;
use super::profile::{KernelCall, timed};

/// What is convolved with what.
pub(crate) struct Convolution {
    /// `[window, time, channels_in]`
    pub input: Tensor<3>,
    /// `[channels_out, channels_in, kernel]`
    pub weight: Tensor<3>,
    /// `[channels_out]`
    pub bias: Tensor<1>,
    /// Added to the output, `[window, time_out, channels_out]`.
    pub residual: Option<Tensor<3>>,
    pub stride: usize,
    pub dilation: usize,
    /// Zeros before and after the time axis.
    pub padding: [usize; 2],
    /// Whether the input goes through a rectifier first.
    pub rectified: bool,
    /// Dropout of the output; not together with a residual.
    pub mask: Option<Mask>,
}

/// Applies a convolution to tensors of the flex backend; gives back those of any other.
///
/// # Shapes
///
/// - output: `[window, time_out, channels_out]`
pub(crate) fn convolve(convolution: Convolution) -> Result<Tensor<3>, Box<Convolution>> {
    if convolution
        .input
        .clone()
        .try_into_primitive::<Flex>()
        .is_ok()
    {
        return Ok(without_gradients(convolution));
    }
    if convolution
        .input
        .clone()
        .try_into_primitive::<Autodiff<Flex>>()
        .is_ok()
    {
        return Ok(with_gradients(convolution));
    }
    Err(Box::new(convolution))
}

/// Whether [`convolve`] takes tensors of this device.
pub(crate) fn has_own_kernel(device: &Device) -> bool {
    Tensor::<1>::zeros([1], &device.clone().without_autodiff())
        .try_into_primitive::<Flex>()
        .is_ok()
}

impl Convolution {
    fn shape(&self) -> ConvShape {
        let ([windows, time, channels_in], [channels_out, _, kernel]) =
            (self.input.dims(), self.weight.dims());
        let Self {
            stride,
            dilation,
            padding,
            ..
        } = *self;
        ConvShape {
            windows,
            time,
            channels_in,
            channels_out,
            kernel,
            stride,
            dilation,
            padding,
        }
    }

    fn extras(&self) -> Extras {
        Extras {
            rectified: self.rectified,
            mask: self.mask,
            precision: Precision::current(),
        }
    }
}

/// The primitive of a tensor whose backend is known.
macro_rules! primitive {
    ($tensor:expr, $backend:ty) => {
        match $tensor.try_into_primitive::<$backend>() {
            Ok(primitive) => primitive,
            // All operands of one operation are on one device; Burn's own operations panic
            // likewise.
            Err(error) => unreachable!("an operand on another backend than the input: {error:?}"),
        }
    };
}

pub(super) use primitive;

fn without_gradients(convolution: Convolution) -> Tensor<3> {
    let (shape, extras) = (convolution.shape(), convolution.extras());
    let operands = [
        Some(primitive!(convolution.input, Flex)),
        Some(primitive!(convolution.weight, Flex)),
        Some(primitive!(convolution.bias, Flex)),
        convolution
            .residual
            .map(|residual| primitive!(residual, Flex)),
    ];
    Tensor::from_primitive::<Flex>(apply(
        shape,
        operands.each_ref().map(Option::as_ref),
        extras,
    ))
}

/// Input, weight, bias and residual through the kernel.
fn apply(shape: ConvShape, operands: [Option<&FlexTensor>; 4], extras: Extras) -> FlexTensor {
    let operands = operands.map(|operand| operand.map(FlexTensor::to_contiguous));
    let [input, weight, bias, residual] = operands
        .each_ref()
        .map(|operand| operand.as_ref().map(values));
    let none: &[f32] = &[];
    let [input, weight, bias] = [input, weight, bias].map(|operand| operand.unwrap_or(none));
    let output = timed(
        || call(shape, None),
        || match extras.precision {
            Precision::F32 => conv::forward(shape, input, weight, bias, residual, extras),
            Precision::Bf16 => {
                let operands = [input, weight, bias];
                conv16::forward(Unit::detect(), shape, operands, residual, extras)
            }
        },
    );
    tensor(
        output,
        vec![shape.windows, shape.time_out(), shape.channels_out],
    )
}

/// The call of a kernel; `back` says of a backward pass whether it goes on to the input.
fn call(shape: ConvShape, back: Option<bool>) -> KernelCall {
    let [dilated, strided] =
        [("dilation", shape.dilation), ("stride", shape.stride)].map(|(name, by)| {
            if by > 1 {
                format!(", {name} {by}")
            } else {
                String::new()
            }
        });
    let products = back.map_or(1, |wants_input| 1 + u64::from(wants_input));
    let product = shape.time_out() * shape.channels_out * shape.channels_in * shape.kernel;
    KernelCall {
        layer: format!(
            "{} -> {} channels, taps {}{strided}{dilated}, steps {}",
            shape.channels_in, shape.channels_out, shape.kernel, shape.time
        ),
        is_backward: back.is_some(),
        flop: 2 * products * (shape.windows * product) as u64,
        elapsed: Duration::ZERO,
    }
}

pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    // Contiguous, and of f32 like everything in this crate.
    tensor.as_slice().unwrap_or_default()
}

pub(super) fn tensor(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// The backward pass; a unit of its own for each number of operands.
#[derive(Debug)]
struct ConvolutionBackward;

/// What the backward pass needs.
#[derive(Debug, Clone)]
struct State {
    shape: ConvShape,
    input: FlexTensor,
    weight: FlexTensor,
    extras: Extras,
}

fn with_gradients(convolution: Convolution) -> Tensor<3> {
    let (shape, extras) = (convolution.shape(), convolution.extras());
    let (input, input_node) = primitive!(convolution.input, Autodiff<Flex>).into_parts();
    let (weight, weight_node) = primitive!(convolution.weight, Autodiff<Flex>).into_parts();
    let (bias, bias_node) = primitive!(convolution.bias, Autodiff<Flex>).into_parts();
    let state = |input: &FlexTensor, weight: &FlexTensor| State {
        shape,
        input: input.to_contiguous(),
        weight: weight.to_contiguous(),
        extras,
    };
    let output = match convolution.residual {
        None => {
            let output = apply(
                shape,
                [Some(&input), Some(&weight), Some(&bias), None],
                extras,
            );
            let nodes = [input_node, weight_node, bias_node];
            match Backward::<Flex, 3>::prepare::<NoCheckpointing>(ConvolutionBackward, nodes)
                .compute_bound()
                .stateful()
            {
                OpsKind::Tracked(prepared) => prepared.finish(state(&input, &weight), output),
                OpsKind::UnTracked(prepared) => prepared.finish(output),
            }
        }
        Some(residual) => {
            let (residual, residual_node) = primitive!(residual, Autodiff<Flex>).into_parts();
            let output = apply(
                shape,
                [Some(&input), Some(&weight), Some(&bias), Some(&residual)],
                extras,
            );
            let nodes = [input_node, weight_node, bias_node, residual_node];
            match Backward::<Flex, 4>::prepare::<NoCheckpointing>(ConvolutionBackward, nodes)
                .compute_bound()
                .stateful()
            {
                OpsKind::Tracked(prepared) => prepared.finish(state(&input, &weight), output),
                OpsKind::UnTracked(prepared) => prepared.finish(output),
            }
        }
    };
    Tensor::from_primitive::<Autodiff<Flex>>(output)
}

impl Backward<Flex, 3> for ConvolutionBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let [input, weight, bias] = ops.parents.map(|parent| parent.map(|node| node.id));
        register(&ops.state, &grad, [input, weight, bias], grads);
    }
}

impl Backward<Flex, 4> for ConvolutionBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 4>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let [input, weight, bias, residual] = ops.parents.map(|parent| parent.map(|node| node.id));
        register(&ops.state, &grad, [input, weight, bias], grads);
        if let Some(residual) = residual {
            grads.register::<Flex>(residual, grad);
        }
    }
}

type Node = burn::backend::autodiff::NodeId;

/// Computes the gradients that are asked for and hands them on.
fn register(state: &State, grad: &FlexTensor, nodes: [Option<Node>; 3], grads: &mut Gradients) {
    let (shape, grad) = (state.shape, grad.to_contiguous());
    let [input, weight, bias] = nodes;
    let (x, w) = (values(&state.input), values(&state.weight));
    let (grad, wants_input) = (values(&grad), input.is_some());
    let found = timed(
        || call(shape, Some(wants_input)),
        || match state.extras.precision {
            Precision::F32 => conv::backward(shape, x, w, grad, state.extras, wants_input),
            Precision::Bf16 => {
                let operands = [x, w, grad];
                conv16::backward(Unit::detect(), shape, operands, state.extras, wants_input)
            }
        },
    );
    if let (Some(node), Some(values)) = (input, found.input) {
        grads.register::<Flex>(
            node,
            tensor(values, vec![shape.windows, shape.time, shape.channels_in]),
        );
    }
    if let Some(node) = weight {
        let sizes = vec![shape.channels_out, shape.channels_in, shape.kernel];
        grads.register::<Flex>(node, tensor(found.weight, sizes));
    }
    if let Some(node) = bias {
        grads.register::<Flex>(node, tensor(found.bias, vec![shape.channels_out]));
    }
}

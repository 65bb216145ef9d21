//! One-dimensional convolution.
//!
//! Values travel through the network as `[window, time, channel]`: a window of a layer fits into
//! the processor's nearest cache, and the channels that a tap of the kernel sees lie beside each
//! other. On the CPU our own kernel does the work ([`crate::kernel`]); elsewhere it is one matrix
//! product of patches.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Slice, Tensor, activation};

use crate::dropout::{draw, dropout};
use crate::kernel::{self, Convolution, has_own_kernel};

/// Shape of a [`Conv1d`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv1dConfig {
    /// Channels in.
    pub channels_in: usize,
    /// Channels out.
    pub channels_out: usize,
    /// Time steps that one output sees.
    pub kernel: usize,
    /// Time steps from one output to the next.
    pub stride: usize,
    /// Time steps from one tap of the kernel to the next; more than 1 only without a stride.
    pub dilation: usize,
    /// Zeros added before and after the time axis: where both are the same, `padding` of
    /// `torch.nn.Conv1d`.
    pub padding: [usize; 2],
}

/// A convolution over time, equal to `torch.nn.Conv1d(channels_in, channels_out, kernel, stride,
/// padding, dilation)`, with weights in PyTorch's layout.
///
/// # Shapes
///
/// - `weight`: `[channels_out, channels_in, kernel]`
/// - `bias`: `[channels_out]`
#[derive(Module, Debug)]
pub struct Conv1d {
    /// Weights, `[channels_out, channels_in, kernel]`.
    pub weight: Param<Tensor<3>>,
    /// Bias, `[channels_out]`.
    pub bias: Param<Tensor<1>>,
    stride: usize,
    dilation: usize,
    #[module(skip)]
    padding: [usize; 2],
}

impl Conv1dConfig {
    /// A convolution with weights drawn from a normal distribution of standard deviation
    /// `gain / sqrt(channels_in * kernel)` and no bias; a gain of 0 gives zeros.
    ///
    /// `sqrt(2)` keeps the variance through a ReLU (He et al. 2015, <https://arxiv.org/abs/1502.01852>).
    pub fn init(&self, gain: f64, device: &Device) -> Conv1d {
        let shape = [self.channels_out, self.channels_in, self.kernel];
        let deviation = gain / ((self.channels_in * self.kernel) as f64).sqrt();
        Conv1d {
            weight: normal(shape, deviation, device),
            bias: Param::from_tensor(Tensor::zeros([self.channels_out], device)),
            stride: self.stride,
            dilation: self.dilation,
            padding: self.padding,
        }
    }
}

/// A parameter drawn at once (Burn's own initializers draw at first use, which would make the
/// values depend on the order of use) from a normal distribution around 0.
pub(crate) fn normal<const D: usize>(
    shape: [usize; D],
    deviation: f64,
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(if deviation == 0.0 {
        Tensor::zeros(shape, device)
    } else {
        Tensor::random(shape, Distribution::Normal(0.0, deviation), device)
    })
}

impl Conv1d {
    /// Applies the convolution.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channels_in]`
    /// - output: `[window, time_out, channels_out]` with `time_out = (time + padding - (kernel - 1)
    ///   * dilation - 1) / stride + 1`
    pub fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        convolve(self.convolution(input))
    }

    /// `dropout(conv(f(input)))`, `f` being a rectifier where `rectified`: one pass on the CPU.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channels_in]`
    /// - output: `[window, time_out, channels_out]`
    pub(crate) fn with_dropout(
        &self,
        input: Tensor<3>,
        rectified: bool,
        probability: f64,
    ) -> Tensor<3> {
        let device = input.device();
        let convolution = Convolution {
            rectified,
            ..self.convolution(input)
        };
        if has_own_kernel(&device) {
            return convolve(Convolution {
                mask: draw(&device, probability),
                ..convolution
            });
        }
        dropout(convolve(convolution), probability)
    }

    /// `conv(f(input)) + residual`, `f` being a rectifier where `rectified`: one pass on the CPU.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channels_in]`
    /// - residual, output: `[window, time_out, channels_out]`
    pub(crate) fn with_residual(
        &self,
        input: Tensor<3>,
        residual: Tensor<3>,
        rectified: bool,
    ) -> Tensor<3> {
        convolve(Convolution {
            residual: Some(residual),
            rectified,
            ..self.convolution(input)
        })
    }

    fn convolution(&self, input: Tensor<3>) -> Convolution {
        Convolution {
            input,
            weight: self.weight.val(),
            bias: self.bias.val(),
            residual: None,
            stride: self.stride,
            dilation: self.dilation,
            padding: self.padding,
            rectified: false,
            mask: None,
        }
    }

    /// Applies the convolution to windows that have only the `channels_in` from `first_channel` on,
    /// with a bias or without.
    ///
    /// The first convolution is linear, so what it makes of a coin's own channels and of the
    /// market's can be computed apart and added: the market's part once a minute, not once a coin.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channel]`
    /// - output: `[window, time_out, channels_out]`
    pub(crate) fn forward_part(
        &self,
        input: Tensor<3>,
        first_channel: usize,
        has_bias: bool,
    ) -> Tensor<3> {
        let channels = input.dims()[2];
        let whole = self.convolution(input);
        convolve(Convolution {
            weight: whole.weight.narrow(1, first_channel, channels),
            bias: if has_bias {
                whole.bias
            } else {
                whole.bias.zeros_like()
            },
            ..whole
        })
    }
}

/// By our own kernel where there is one, else by Burn's matrix products.
pub(crate) fn convolve(convolution: Convolution) -> Tensor<3> {
    match kernel::convolve(convolution) {
        Ok(output) => output,
        Err(convolution) => {
            // A mask is drawn for our own kernel alone.
            let Convolution {
                input,
                weight,
                bias,
                residual,
                stride,
                dilation,
                padding,
                rectified,
                mask: _,
            } = *convolution;
            let input = if rectified {
                activation::relu(input)
            } else {
                input
            };
            let output =
                products(pad(input, padding), weight, stride, dilation) + bias.reshape([1, 1, -1]);
            match residual {
                Some(residual) => output + residual,
                None => output,
            }
        }
    }
}

/// Convolution without bias as one product of patches copied beside each other.
///
/// # Shapes
///
/// - input: `[window, time, channels_in]`, padded
/// - weight: `[channels_out, channels_in, kernel]`
/// - output: `[window, time_out, channels_out]`
fn products(input: Tensor<3>, weight: Tensor<3>, stride: usize, dilation: usize) -> Tensor<3> {
    let [channels_out, channels, kernel] = weight.dims();
    let [windows, time, _] = input.dims();
    let time_out = (time - (kernel - 1) * dilation - 1) / stride + 1;
    // [window, time_out, kernel * channels_in]
    let patches = if kernel == stride {
        input
            .narrow(1, 0, time_out * kernel)
            .reshape([windows, time_out, kernel * channels])
    } else {
        let span = ((time_out - 1) * stride + 1) as isize;
        let tap = |tap: usize| {
            let from = (tap * dilation) as isize;
            input
                .clone()
                .slice_dim(1, Slice::new(from, Some(from + span), stride as isize))
        };
        Tensor::cat((0..kernel).map(tap).collect(), 2)
    };
    let rows = patches.reshape([windows * time_out, kernel * channels]);
    // [channels_out, channels_in, kernel] to [kernel * channels_in, channels_out]
    let weight = weight
        .permute([2, 1, 0])
        .reshape([kernel * channels, channels_out]);
    rows.matmul(weight)
        .reshape([windows, time_out, channels_out])
}

/// Zeros before and after the time axis.
///
/// # Shapes
///
/// - input: `[window, time, channel]`
/// - output: `[window, before + time + after, channel]`
fn pad(input: Tensor<3>, [before, after]: [usize; 2]) -> Tensor<3> {
    let [windows, _, channels] = input.dims();
    let device = input.device();
    let zeros = |steps: usize| Tensor::zeros([windows, steps, channels], &device);
    match (before, after) {
        (0, 0) => input,
        (before, 0) => Tensor::cat(vec![zeros(before), input], 1),
        (0, after) => Tensor::cat(vec![input, zeros(after)], 1),
        (before, after) => Tensor::cat(vec![zeros(before), input, zeros(after)], 1),
    }
}

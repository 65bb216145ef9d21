//! The small layers: linear, layer normalization, activation.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};

use crate::config::{Activation, Pool};
use crate::conv::{convolve, normal};
use crate::kernel::Convolution;

/// Added to the variance in layer normalization, as in PyTorch.
pub const LAYER_NORM_EPSILON: f64 = 1e-5;

/// `torch.nn.Linear`, with weights in PyTorch's layout (Burn's own keeps the transpose).
///
/// # Shapes
///
/// - `weight`: `[units_out, units_in]`
/// - `bias`: `[units_out]`
#[derive(Module, Debug)]
pub struct Linear {
    /// Weights, `[units_out, units_in]`.
    pub weight: Param<Tensor<2>>,
    /// Bias, `[units_out]`.
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    /// A layer with weights drawn from a normal distribution of standard deviation
    /// `gain / sqrt(units_in)` and no bias.
    pub fn init(units_in: usize, units_out: usize, gain: f64, device: &Device) -> Self {
        Self {
            weight: normal(
                [units_out, units_in],
                gain / (units_in as f64).sqrt(),
                device,
            ),
            bias: Param::from_tensor(Tensor::zeros([units_out], device)),
        }
    }

    /// Applies the layer.
    ///
    /// # Shapes
    ///
    /// - input: `[row, units_in]`
    /// - output: `[row, units_out]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let ([rows, units_in], [units_out, _]) = (input.dims(), self.weight.dims());
        // A convolution of width 1 over windows of one step.
        let convolution = Convolution {
            input: input.reshape([rows, 1, units_in]),
            weight: self.weight.val().reshape([units_out, units_in, 1]),
            bias: self.bias.val(),
            residual: None,
            stride: 1,
            dilation: 1,
            padding: [0; 2],
            rectified: false,
            mask: None,
        };
        convolve(convolution).reshape([rows, units_out])
    }
}

/// `torch.nn.LayerNorm(channels)`: each row to mean 0 and variance 1 over its channels, then scaled
/// and shifted (Ba et al. 2016, <https://arxiv.org/abs/1607.06450>).
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Scale, `[channels]`.
    pub weight: Param<Tensor<1>>,
    /// Shift, `[channels]`.
    pub bias: Param<Tensor<1>>,
}

impl LayerNorm {
    /// A layer with scale 1 and shift 0.
    pub fn init(channels: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([channels], device)),
            bias: Param::from_tensor(Tensor::zeros([channels], device)),
        }
    }

    /// Applies the layer over the last axis.
    ///
    /// # Shapes
    ///
    /// - input, output: `[window, time, channels]`
    pub fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        standardize(input, 2, LAYER_NORM_EPSILON) * self.weight.val().unsqueeze()
            + self.bias.val().unsqueeze()
    }
}

/// `(x - mean) / sqrt(variance + epsilon)` over one axis, the variance divided by n.
///
/// # Shapes
///
/// - input, output: the same
pub(crate) fn standardize(input: Tensor<3>, axis: usize, epsilon: f64) -> Tensor<3> {
    let centered = input.clone() - input.mean_dim(axis);
    let variance = centered.clone().square().mean_dim(axis);
    centered / variance.add_scalar(epsilon).sqrt()
}

/// Normalization, where there is one.
///
/// # Shapes
///
/// - input, output: `[window, time, channels]`
pub(crate) fn normalize(input: Tensor<3>, norm: &Option<LayerNorm>) -> Tensor<3> {
    match norm {
        Some(norm) => norm.forward(input),
        None => input,
    }
}

impl Pool {
    /// Channels that reach the head, of so many in each time step.
    pub(crate) fn channels(self, channels: usize) -> usize {
        match self {
            Self::Mean | Self::Last => channels,
            Self::MeanLast => 2 * channels,
        }
    }

    /// What of the time steps reaches the head.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channel]`
    /// - output: `[window, channel]`, twice the channels for `mean_last`
    pub(crate) fn forward(self, values: Tensor<3>) -> Tensor<2> {
        let [windows, time, channels] = values.dims();
        // [window, 1, channel] to [window, channel]
        let last = |values: Tensor<3>| values.narrow(1, time - 1, 1).reshape([windows, channels]);
        self.with_last(values, last)
    }

    /// As [`forward`](Self::forward), `last` taking what counts as the last time step.
    pub(crate) fn with_last(
        self,
        values: Tensor<3>,
        last: impl Fn(Tensor<3>) -> Tensor<2>,
    ) -> Tensor<2> {
        let [windows, _, channels] = values.dims();
        // [window, 1, channel] to [window, channel]
        let mean = |values: Tensor<3>| values.mean_dim(1).reshape([windows, channels]);
        match self {
            Self::Mean => mean(values),
            Self::Last => last(values),
            Self::MeanLast => Tensor::cat(vec![mean(values.clone()), last(values)], 1),
        }
    }
}

impl Activation {
    /// Applies the function to each value.
    ///
    /// # Shapes
    ///
    /// - input, output: the same
    pub(crate) fn forward<const D: usize>(self, input: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Relu => activation::relu(input),
            Self::Gelu => activation::gelu(input),
            Self::Silu => activation::silu(input),
        }
    }
    /// The values for a convolution to come: a rectifier is left to it, and the second value is
    /// true.
    ///
    /// # Shapes
    ///
    /// - input, output: the same
    pub(crate) fn before_convolution(self, input: Tensor<3>) -> (Tensor<3>, bool) {
        match self {
            Self::Relu => (input, true),
            other => (other.forward(input), false),
        }
    }
}

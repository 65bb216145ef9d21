//! The small layers: linear, layer normalization, activation.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};

use crate::config::Activation;
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
            weight: normal([units_out, units_in], gain / (units_in as f64).sqrt(), device),
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
            padding: 0,
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
        standardize(input, 2, LAYER_NORM_EPSILON) * self.weight.val().unsqueeze() + self.bias.val().unsqueeze()
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
}

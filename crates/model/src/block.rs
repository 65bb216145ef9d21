//! The residual block.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::config::{Activation, NetworkConfig, Norm};
use crate::conv::{Conv1d, Conv1dConfig};
use crate::layers::LayerNorm;

/// A pre-activation residual block, `x + conv2(act(dropout(conv1(act(x)))))`.
///
/// With `norm = "layer"` a normalization comes before each activation. Where the number of channels
/// changes, `x` goes through a convolution of kernel 1, as in ResNet; where there is a stride, through
/// one of the block's kernel, as all minutes are to be seen.
///
/// Sources: identity mappings and the order of the parts, He et al. 2016
/// (<https://arxiv.org/abs/1603.05027>); dropout between the convolutions, Zagoruyko and Komodakis
/// 2016 (<https://arxiv.org/abs/1605.07146>); the last convolution starts at zero, so that a block
/// starts as the identity and needs no normalization, Goyal et al. 2017
/// (<https://arxiv.org/abs/1706.02677>, section 5.1) and Fixup, Zhang et al. 2019
/// (<https://arxiv.org/abs/1901.09321>).
#[derive(Module, Debug)]
pub struct Block {
    norm1: Option<LayerNorm>,
    conv1: Conv1d,
    norm2: Option<LayerNorm>,
    conv2: Conv1d,
    projection: Option<Conv1d>,
    dropout: f64,
    #[module(skip)]
    activation: Activation,
}

impl Block {
    /// A block from `channels_in` to `channels_out` channels, `config` being valid.
    pub(crate) fn init(
        config: &NetworkConfig,
        channels_in: usize,
        channels_out: usize,
        stride: usize,
        device: &Device,
    ) -> Self {
        let norm = |channels| (config.norm == Norm::Layer).then(|| LayerNorm::init(channels, device));
        let conv1 =
            Conv1dConfig { channels_in, channels_out, kernel: config.kernel, stride, padding: (config.kernel - 1) / 2 };
        let conv2 = Conv1dConfig { channels_in: channels_out, stride: 1, ..conv1 };
        // Kernel 1 would step over every other minute where there is a stride, and in an even number of steps over the newest.
        let projection = if stride == 1 { Conv1dConfig { kernel: 1, padding: 0, ..conv1 } } else { conv1 };
        let reshapes = stride != 1 || channels_in != channels_out;
        Self {
            norm1: norm(channels_in),
            conv1: conv1.init(std::f64::consts::SQRT_2, device),
            norm2: norm(channels_out),
            conv2: conv2.init(0.0, device),
            projection: reshapes.then(|| projection.init(1.0, device)),
            dropout: config.dropout,
            activation: config.activation,
        }
    }

    /// Applies the block.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channels_in]`
    /// - output: `[window, (time - 1) / stride + 1, channels_out]`
    pub fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let skip = match &self.projection {
            Some(projection) => projection.forward(input.clone()),
            None => input.clone(),
        };
        let (values, rectified) = prepare(input, &self.norm1, self.activation);
        let values = self.conv1.with_dropout(values, rectified, self.dropout);
        let (values, rectified) = prepare(values, &self.norm2, self.activation);
        self.conv2.with_residual(values, skip, rectified)
    }
}

/// Normalization and activation in front of a convolution; where the activation is a rectifier it is left to the
/// convolution, and the second value is true.
fn prepare(input: Tensor<3>, norm: &Option<LayerNorm>, activation: Activation) -> (Tensor<3>, bool) {
    let input = normalize(input, norm);
    match activation {
        Activation::Relu => (input, true),
        other => (other.forward(input), false),
    }
}

/// Normalization, where there is one, and activation.
///
/// # Shapes
///
/// - input, output: `[window, time, channels]`
pub(crate) fn activate(input: Tensor<3>, norm: &Option<LayerNorm>, activation: Activation) -> Tensor<3> {
    activation.forward(normalize(input, norm))
}

fn normalize(input: Tensor<3>, norm: &Option<LayerNorm>) -> Tensor<3> {
    match norm {
        Some(norm) => norm.forward(input),
        None => input,
    }
}

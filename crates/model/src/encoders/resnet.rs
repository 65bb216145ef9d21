//! The one-dimensional residual network.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::encoder::Encoder;
use crate::Error;
use crate::config::{Activation, NetworkConfig, Norm, Pool};
use crate::conv::{Conv1d, Conv1dConfig};
use crate::layers::{LayerNorm, normalize};

/// Stages of residual blocks, then normalization, activation and pooling.
///
/// Its keys stand in `[network]` itself: `stages`, `blocks_per_stage`, `kernel`, `stage_stride`,
/// `norm`.
#[derive(Module, Debug)]
pub(crate) struct ResNet {
    stages: Vec<Stage>,
    norm: Option<LayerNorm>,
    channels_out: usize,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    pool: Pool,
}

/// Residual blocks of one width.
#[derive(Module, Debug)]
pub struct Stage {
    blocks: Vec<Block>,
}

impl Encoder for ResNet {
    fn validate(_config: &NetworkConfig) -> Result<(), Error> {
        // Its keys are checked with those of the network.
        Ok(())
    }

    fn init(config: &NetworkConfig, channels_in: usize, device: &Device) -> Self {
        let mut channels = channels_in;
        let mut stages = Vec::with_capacity(config.stages.len());
        for (stage, &width) in config.stages.iter().enumerate() {
            let blocks = (0..config.blocks_per_stage)
                .map(|block| {
                    let stride = if stage > 0 && block == 0 {
                        config.stage_stride
                    } else {
                        1
                    };
                    let channels_in = std::mem::replace(&mut channels, width);
                    Block::init(config, channels_in, width, stride, device)
                })
                .collect();
            stages.push(Stage { blocks });
        }
        Self {
            stages,
            norm: (config.norm == Norm::Layer).then(|| LayerNorm::init(channels, device)),
            channels_out: config.pool.channels(channels),
            activation: config.activation,
            pool: config.pool,
        }
    }

    fn channels_out(&self) -> usize {
        self.channels_out
    }

    fn forward(&self, input: Tensor<3>) -> Tensor<2> {
        let blocks = self.stages.iter().flat_map(|stage| &stage.blocks);
        let values = blocks.fold(input, |values, block| block.forward(values));
        self.pool
            .forward(self.activation.forward(normalize(values, &self.norm)))
    }
}

/// A pre-activation residual block, `x + conv2(act(dropout(conv1(act(x)))))`.
///
/// With `norm = "layer"` a normalization comes before each activation. Where the number of channels
/// changes, `x` goes through a convolution of kernel 1, as in ResNet; where there is a stride,
/// through one of the block's kernel, as all minutes are to be seen.
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
        let norm =
            |channels| (config.norm == Norm::Layer).then(|| LayerNorm::init(channels, device));
        let conv1 = Conv1dConfig {
            channels_in,
            channels_out,
            kernel: config.kernel,
            stride,
            dilation: 1,
            padding: [(config.kernel - 1) / 2; 2],
        };
        let conv2 = Conv1dConfig {
            channels_in: channels_out,
            stride: 1,
            ..conv1
        };
        // Kernel 1 would step over every other minute where there is a stride, and in an even
        // number of steps over the newest.
        let projection = if stride == 1 {
            Conv1dConfig {
                kernel: 1,
                padding: [0; 2],
                ..conv1
            }
        } else {
            conv1
        };
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
        let (values, rectified) = self
            .activation
            .before_convolution(normalize(input, &self.norm1));
        let values = self.conv1.with_dropout(values, rectified, self.dropout);
        let (values, rectified) = self
            .activation
            .before_convolution(normalize(values, &self.norm2));
        self.conv2.with_residual(values, skip, rectified)
    }
}

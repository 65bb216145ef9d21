//! Dilated causal convolutions.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encoder::Encoder;
use crate::Error;
use crate::config::{Activation, LARGEST, NetworkConfig, Norm, Pool, check_size, unusable};
use crate::conv::{Conv1d, Conv1dConfig};
use crate::layers::{LayerNorm, normalize};

/// The section `[network.tcn]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TcnOptions {
    /// Channels of each block. The taps of each block lie twice as far apart as those of the block
    /// before, so that with the default's four blocks the last step sees 61.
    pub widths: Vec<usize>,
    /// Time steps that a convolution sees.
    pub kernel: usize,
}

impl Default for TcnOptions {
    fn default() -> Self {
        Self {
            widths: vec![64; 4],
            kernel: 3,
        }
    }
}

/// Residual blocks of convolutions that see only what came before, then normalization, activation
/// and pooling.
///
/// Sources: Bai et al. 2018 (<https://arxiv.org/abs/1803.01271>) for the dilations; the order inside a block and its start
/// as the identity are those of the ResNet here, and take the place of their normalization of
/// weights.
#[derive(Module, Debug)]
pub(crate) struct Tcn {
    tcn: Vec<TcnBlock>,
    norm: Option<LayerNorm>,
    channels_out: usize,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    pool: Pool,
}

/// `x + conv2(act(dropout(conv1(act(x)))))`, both convolutions causal with the same dilation.
#[derive(Module, Debug)]
pub(crate) struct TcnBlock {
    norm1: Option<LayerNorm>,
    conv1: Conv1d,
    norm2: Option<LayerNorm>,
    conv2: Conv1d,
    downsample: Option<Conv1d>,
    dropout: f64,
    #[module(skip)]
    activation: Activation,
}

/// Most blocks: the taps of the last are then 2^23 steps apart.
const MOST_BLOCKS: usize = 24;

impl Encoder for Tcn {
    fn validate(config: &NetworkConfig) -> Result<(), Error> {
        let TcnOptions { widths, kernel } = config.options.tcn.clone().unwrap_or_default();
        if !(1..=MOST_BLOCKS).contains(&widths.len())
            || widths.iter().any(|width| !(1..=LARGEST).contains(width))
        {
            return Err(unusable(
                "tcn.widths",
                format!("{widths:?}"),
                format!("1 to {MOST_BLOCKS} widths from 1 to {LARGEST}, one for each block"),
                "for example widths = [64, 64, 64, 64]".to_owned(),
            ));
        }
        if !(1..=LARGEST).contains(&kernel) {
            let hint = "set tcn.kernel = 3".to_owned();
            return Err(unusable(
                "tcn.kernel",
                kernel,
                format!("from 1 to {LARGEST}"),
                hint,
            ));
        }
        let weights = widths
            .iter()
            .map(|&width| 2.0 * kernel as f64 * (width as f64).powi(2))
            .sum();
        check_size("tcn.widths", format!("{widths:?}"), weights)
    }

    fn init(config: &NetworkConfig, channels_in: usize, device: &Device) -> Self {
        let TcnOptions { widths, kernel } = config.options.tcn.clone().unwrap_or_default();
        let mut channels = channels_in;
        let blocks = widths.iter().enumerate().map(|(index, &width)| {
            let channels_in = std::mem::replace(&mut channels, width);
            TcnBlock::init(config, [channels_in, width], kernel, 1 << index, device)
        });
        let tcn = blocks.collect();
        Self {
            tcn,
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
        self.pool.forward(self.steps(input))
    }
}

impl Tcn {
    /// `[window, time, channels_in]` to `[window, time, channels]`: a step depends on none after
    /// it.
    fn steps(&self, input: Tensor<3>) -> Tensor<3> {
        let values = self
            .tcn
            .iter()
            .fold(input, |values, block| block.forward(values));
        self.activation.forward(normalize(values, &self.norm))
    }
}

impl TcnBlock {
    fn init(
        config: &NetworkConfig,
        [channels_in, channels_out]: [usize; 2],
        kernel: usize,
        dilation: usize,
        device: &Device,
    ) -> Self {
        let norm =
            |channels| (config.norm == Norm::Layer).then(|| LayerNorm::init(channels, device));
        let padding = [(kernel - 1) * dilation, 0];
        let conv1 = Conv1dConfig {
            channels_in,
            channels_out,
            kernel,
            stride: 1,
            dilation,
            padding,
        };
        let conv2 = Conv1dConfig {
            channels_in: channels_out,
            ..conv1
        };
        let downsample = Conv1dConfig {
            kernel: 1,
            dilation: 1,
            padding: [0; 2],
            ..conv1
        };
        Self {
            norm1: norm(channels_in),
            conv1: conv1.init(std::f64::consts::SQRT_2, device),
            norm2: norm(channels_out),
            conv2: conv2.init(0.0, device),
            downsample: (channels_in != channels_out).then(|| downsample.init(1.0, device)),
            dropout: config.dropout,
            activation: config.activation,
        }
    }

    /// `[window, time, channels_in]` to `[window, time, channels_out]`.
    fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let skip = match &self.downsample {
            Some(downsample) => downsample.forward(input.clone()),
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

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::encoders::{EncoderKind, EncoderOptions};

    /// Changing a step changes no step before it, and every step after it that its taps reach.
    #[test]
    fn a_step_depends_on_none_after_it() {
        let device = Device::flex();
        let (time, channels) = (40, 3);
        let options = EncoderOptions {
            tcn: Some(TcnOptions {
                widths: vec![8, 8, 6],
                kernel: 3,
            }),
            ..EncoderOptions::default()
        };
        let config = NetworkConfig {
            encoder: EncoderKind::Tcn,
            options,
            ..NetworkConfig::default()
        };
        // The last convolution of a block starts at zero: give every weight a value.
        let tcn = Tcn::init(&config, channels, &device);
        let tcn = tcn.map(&mut Waves);
        let steps = |changed: Option<usize>| -> Vec<f32> {
            let mut values: Vec<f32> = (0..time * channels)
                .map(|index| (index as f32 * 0.7).sin())
                .collect();
            if let Some(step) = changed {
                values[step * channels] += 1.0;
            }
            let input = Tensor::from_data(TensorData::new(values, [1, time, channels]), &device);
            tcn.steps(input)
                .try_into_data()
                .unwrap()
                .try_to_vec()
                .unwrap()
        };
        let before = steps(None);
        for changed in [0, 7, 20, 39] {
            let after = steps(Some(changed));
            let differs =
                |step: usize| before[step * 6..(step + 1) * 6] != after[step * 6..(step + 1) * 6];
            assert!(
                (0..changed).all(|step| !differs(step)),
                "a change of step {changed} is seen before it"
            );
            assert!(
                differs(changed),
                "a change of step {changed} is not seen at it"
            );
            // Two convolutions of 3 taps in each of three blocks: 28 steps back.
            assert!(
                (changed + 29..time).all(|step| !differs(step)),
                "a change of step {changed} is seen too late"
            );
        }
    }

    struct Waves;

    impl burn::module::ModuleMapper for Waves {
        fn map_float<const D: usize>(
            &mut self,
            param: burn::module::Param<Tensor<D>>,
        ) -> burn::module::Param<Tensor<D>> {
            param.map(|old| {
                let (shape, device) = (old.dims(), old.device());
                let count: usize = shape.iter().product();
                let values: Vec<f32> = (0..count)
                    .map(|index| (index as f32 * 1.3 + 0.4).sin() * 0.4)
                    .collect();
                Tensor::from_data(TensorData::new(values, shape), &device)
            })
        }
    }
}

//! The network.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::Error;
use crate::block::{Block, activate};
use crate::config::{Activation, Mixing, NetworkConfig, Norm, Pool, WindowNorm};
use crate::conv::{Conv1d, Conv1dConfig};
use crate::layers::{LayerNorm, Linear, standardize};

/// Added to the variance of a channel inside its window with `input_norm = "window"`.
///
/// A channel that does not move inside a window becomes zeros instead of a division by zero.
pub const WINDOW_NORM_EPSILON: f64 = 1e-5;

/// Gain of the head's last layer: forecasts start near 0, and gradients still reach the trunk.
const OUTPUT_GAIN: f64 = 0.1;

/// A one-dimensional residual network from windows of minutes to one forecast for each coin.
///
/// Names and layouts of the parameters are those of the PyTorch module in
/// `scripts/golden-model.py`: `stem.weight`, `stages.0.blocks.0.conv1.weight`, `norm.weight`,
/// `head.hidden.weight`, `head.output.weight` and so on.
#[derive(Module, Debug)]
pub struct ResNet1d {
    stem: Conv1d,
    stages: Vec<Stage>,
    norm: Option<LayerNorm>,
    head: Head,
    #[module(skip)]
    config: NetworkConfig,
    coins: usize,
    features: usize,
    lookback: usize,
}

/// Residual blocks of one width.
#[derive(Module, Debug)]
pub struct Stage {
    blocks: Vec<Block>,
}

/// The fully connected head: one linear layer, or two with an activation between.
#[derive(Module, Debug)]
pub struct Head {
    hidden: Option<Linear>,
    output: Linear,
    #[module(skip)]
    activation: Activation,
}

impl NetworkConfig {
    /// Builds a network for windows of `lookback` rows of `coins * features` channels.
    ///
    /// Weights are drawn from the device's generator at once: seed the device before for the same
    /// network again. Use a device made with [`Device::autodiff`] for training.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where [`validate`](Self::validate) fails or the windows are too short.
    pub fn init(&self, coins: usize, features: usize, lookback: usize, device: &Device) -> Result<ResNet1d, Error> {
        self.validate()?;
        self.validate_input(coins, features, lookback)?;
        let (channels_in, outputs) = match self.mixing {
            Mixing::Stacked => (coins * features, coins),
            Mixing::Shared => (2 * features, 1),
        };
        let stem = Conv1dConfig {
            channels_in,
            channels_out: self.stem_width,
            kernel: self.stem_kernel,
            stride: self.stem_stride,
            padding: self.stem_padding(),
        };
        let mut channels = self.stem_width;
        let mut stages = Vec::with_capacity(self.stages.len());
        for (stage, &width) in self.stages.iter().enumerate() {
            let blocks = (0..self.blocks_per_stage)
                .map(|block| {
                    let stride = if stage > 0 && block == 0 { self.stage_stride } else { 1 };
                    let channels_in = std::mem::replace(&mut channels, width);
                    Block::init(self, channels_in, width, stride, device)
                })
                .collect();
            stages.push(Stage { blocks });
        }
        let pooled = match self.pool {
            Pool::Mean | Pool::Last => channels,
            Pool::MeanLast => 2 * channels,
        };
        Ok(ResNet1d {
            stem: stem.init(1.0, device),
            stages,
            norm: (self.norm == Norm::Layer).then(|| LayerNorm::init(channels, device)),
            head: Head::init(pooled, self.head_width, outputs, self.activation, device),
            config: self.clone(),
            coins,
            features,
            lookback,
        })
    }
}

impl ResNet1d {
    /// The configuration it was built from.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// Number of coins, which is the number of outputs.
    pub fn coins(&self) -> usize {
        self.coins
    }

    /// Number of features of each coin.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Rows in a window.
    pub fn lookback(&self) -> usize {
        self.lookback
    }

    /// Number of trainable values.
    pub fn num_params(&self) -> usize {
        Module::num_params(self)
    }

    /// The device the weights are on.
    pub fn device(&self) -> Device {
        self.stem.bias.val().device()
    }

    /// Forecasts one value for each window and coin.
    ///
    /// # Shapes
    ///
    /// - windows: `[batch, coins * features, lookback]`, channel `coin * features + feature`;
    ///   cheapest as the transpose of `[batch, lookback, channel]`, as [`Windows`](crate::Windows)
    ///   hands them out
    /// - output: `[batch, coins]`
    pub fn forward(&self, windows: Tensor<3>) -> Tensor<2> {
        let [batch, _, time] = windows.dims();
        // [batch, time, channel]
        let mut windows = windows.swap_dims(1, 2);
        if self.config.input_norm == WindowNorm::Window {
            windows = standardize(windows, 1, WINDOW_NORM_EPSILON);
        }
        let mut values = match self.config.mixing {
            // [batch, time, channel]
            Mixing::Stacked => self.stem.forward(windows),
            Mixing::Shared => {
                // [batch, time, coin, feature]
                let own = windows.reshape([batch, time, self.coins, self.features]);
                let market = own.clone().mean_dim(2).reshape([batch, time, self.features]);
                // [batch, coin, time, feature] to [batch * coin, time, feature]
                let own = own.swap_dims(1, 2).reshape([batch * self.coins, time, self.features]);
                let own = self.stem.forward_part(own, 0, true);
                let market = self.stem.forward_part(market, self.features, false);
                let [_, time, width] = market.dims();
                // [batch, coin, time, width] + [batch, 1, time, width]
                let sum = own.reshape([batch, self.coins, time, width]) + market.reshape([batch, 1, time, width]);
                // [batch * coin, time, width]
                sum.reshape([batch * self.coins, time, width])
            }
        };
        for block in self.stages.iter().flat_map(|stage| &stage.blocks) {
            values = block.forward(values);
        }
        let values = activate(values, &self.norm, self.config.activation);
        // [batch, coin]: with shared weights the rows are [batch * coin, 1].
        self.head.forward(self.pool(values)).reshape([batch, self.coins])
    }

    /// What of the time steps reaches the head.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channel]`
    /// - output: `[window, channel]`, twice the channels for `mean_last`
    fn pool(&self, values: Tensor<3>) -> Tensor<2> {
        let [windows, time, channels] = values.dims();
        // Both [window, 1, channel] to [window, channel].
        let mean = |values: Tensor<3>| values.mean_dim(1).reshape([windows, channels]);
        let last = |values: Tensor<3>| values.narrow(1, time - 1, 1).reshape([windows, channels]);
        match self.config.pool {
            Pool::Mean => mean(values),
            Pool::Last => last(values),
            Pool::MeanLast => Tensor::cat(vec![mean(values.clone()), last(values)], 1),
        }
    }
}

impl Head {
    fn init(units_in: usize, width: usize, outputs: usize, activation: Activation, device: &Device) -> Self {
        let hidden = (width > 0).then(|| Linear::init(units_in, width, std::f64::consts::SQRT_2, device));
        let last_in = if width > 0 { width } else { units_in };
        Self { hidden, output: Linear::init(last_in, outputs, OUTPUT_GAIN, device), activation }
    }

    /// Applies the head.
    ///
    /// # Shapes
    ///
    /// - input: `[row, units_in]`
    /// - output: `[row, outputs]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let input = match &self.hidden {
            Some(hidden) => self.activation.forward(hidden.forward(input)),
            None => input,
        };
        self.output.forward(input)
    }
}

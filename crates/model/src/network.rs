//! The network in three parts: coin mixing, an encoder over time, a head.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::Error;
use crate::config::{Activation, Mixing, NetworkConfig, WindowNorm};
use crate::conv::{Conv1d, Conv1dConfig};
use crate::encoders::AnyEncoder;
use crate::layers::{Linear, standardize};
use crate::mixing::mix;
use crate::shape::NetworkShape;

/// Added to the variance of a channel inside its window with `input_norm = "window"`.
///
/// A channel that does not move inside a window becomes zeros instead of a division by zero.
pub const WINDOW_NORM_EPSILON: f64 = 1e-5;

/// Gain of the head's last layer: forecasts start near 0, and gradients still reach the trunk.
const OUTPUT_GAIN: f64 = 0.1;

/// A network from windows of bars to one forecast for each coin and horizon.
///
/// Names and layouts of the parameters are those of the PyTorch modules in
/// `scripts/golden-model.py`: `stem.weight`, `head.hidden.weight`, `head.output.weight`,
/// `skip.weight`, and between them those of the encoder (`stages.0.blocks.0.conv1.weight`,
/// `lstm.0.weight_ih_l0`).
#[derive(Module, Debug)]
pub struct Network {
    stem: Option<Conv1d>,
    encoder: AnyEncoder,
    head: Head,
    /// The linear skip: a convolution as long as the bars that it sees, so that it has one step.
    skip: Option<Conv1d>,
    #[module(skip)]
    config: NetworkConfig,
    #[module(skip)]
    shape: NetworkShape,
}

/// The fully connected head: one linear layer, or two with an activation between.
#[derive(Module, Debug)]
pub struct Head {
    hidden: Option<Linear>,
    output: Linear,
    /// Beside the output, the logarithm of its error's standard deviation.
    scale: Option<Linear>,
    #[module(skip)]
    activation: Activation,
}

impl NetworkConfig {
    /// Builds a network for windows of `lookback` rows of `coins * features` channels, with
    /// `coins * horizons` outputs.
    ///
    /// Weights are drawn from the device's generator at once: seed the device before for the same
    /// network again. Use a device made with [`Device::autodiff`] for training.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where [`validate`](Self::validate) fails or the windows are too short.
    pub fn init(&self, shape: NetworkShape, device: &Device) -> Result<Network, Error> {
        self.validate()?;
        self.validate_input(shape)?;
        let NetworkShape {
            coins,
            features,
            lookback,
            horizons,
        } = shape;
        let (channels_in, outputs) = match self.mixing {
            Mixing::Stacked => (coins * features, coins * horizons),
            Mixing::Shared => (2 * features, horizons),
            Mixing::Own => (features, horizons),
        };
        // Drawn in this order since the first version: the same seed gives the same weights.
        let encoder_in = if self.stem_width > 0 {
            self.stem_width
        } else {
            channels_in
        };
        let encoder = AnyEncoder::init(self, encoder_in, device);
        let stem = (self.stem_width > 0).then(|| {
            Conv1dConfig {
                channels_in,
                channels_out: self.stem_width,
                kernel: self.stem_kernel,
                stride: self.stem_stride,
                dilation: 1,
                padding: [self.stem_padding(); 2],
            }
            .init(1.0, device)
        });
        let head = Head::init(self, encoder.channels_out(), outputs, device);
        let skip_bars = self.skip_bars(lookback);
        let skip = self.linear_skip.then(|| {
            Conv1dConfig {
                channels_in,
                channels_out: outputs,
                kernel: skip_bars,
                stride: skip_bars,
                dilation: 1,
                padding: [0; 2],
            }
            .init(0.0, device)
        });
        Ok(Network {
            stem,
            encoder,
            head,
            skip,
            config: self.clone(),
            shape,
        })
    }
}

impl Network {
    /// The configuration it was built from.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// What it takes and gives. Unless the coins are stacked, it takes windows of any number of coins.
    pub fn shape(&self) -> NetworkShape {
        self.shape
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.shape.coins
    }

    /// Number of features of each coin.
    pub fn features(&self) -> usize {
        self.shape.features
    }

    /// Rows in a window.
    pub fn lookback(&self) -> usize {
        self.shape.lookback
    }

    /// Number of outputs of a window: coins times horizons.
    pub fn outputs(&self) -> usize {
        self.shape.coins * self.shape.horizons
    }

    /// Number of trainable values.
    pub fn num_params(&self) -> usize {
        Module::num_params(self)
    }

    /// The device the weights are on.
    pub fn device(&self) -> Device {
        self.head.output.bias.val().device()
    }

    /// Forecasts one value for each window, coin and horizon.
    ///
    /// # Shapes
    ///
    /// - windows: `[batch, coins * features, lookback]`, channel `coin * features + feature`;
    ///   cheapest as the transpose of `[batch, lookback, channel]`, as [`Windows`](crate::Windows)
    ///   hands them out. Unless the coins are stacked, they may be of any number of coins
    /// - output: `[batch, coins * horizons]`, place `coin * horizons + horizon`
    pub fn forward(&self, windows: Tensor<3>) -> Tensor<2> {
        self.forward_to(windows, |head, encoded| (head.forward(encoded), None))
            .0
    }

    /// The same forecasts, and beside them the natural logarithm of the standard deviation that the
    /// network expects each forecast's error to have, in the unit of the outputs; None without
    /// `network.log_scale`.
    ///
    /// # Shapes
    ///
    /// - windows: as for [`forward`](Self::forward)
    /// - outputs: both `[batch, coins * horizons]`, as those of [`forward`](Self::forward)
    pub fn forward_with_scale(&self, windows: Tensor<3>) -> (Tensor<2>, Option<Tensor<2>>) {
        self.forward_to(windows, Head::forward_with_scale)
    }

    /// What `head` makes of what is encoded, with the linear skip added to its first output.
    fn forward_to(
        &self,
        windows: Tensor<3>,
        head: impl Fn(&Head, Tensor<2>) -> (Tensor<2>, Option<Tensor<2>>),
    ) -> (Tensor<2>, Option<Tensor<2>>) {
        let [batch, channels, lookback] = windows.dims();
        let outputs = channels / self.shape.features * self.shape.horizons;
        let windows = self.by_time(windows);
        // [batch, 1, coin * horizon], or with shared weights [batch * coin, 1, horizon]
        let skip = self.skip.as_ref().map(|skip| {
            let bars = self.config.skip_bars(lookback);
            let seen = match bars == lookback {
                true => windows.clone(),
                false => windows.clone().narrow(1, lookback - bars, bars),
            };
            self.mixed(seen, Some(skip)).reshape([batch, outputs])
        });
        // [batch, coin * horizon]: with shared weights the rows are [batch * coin, horizon].
        let (output, log_scale) = head(&self.head, self.encode(windows));
        let output = output.reshape([batch, outputs]);
        let output = match skip {
            Some(skip) => output + skip,
            None => output,
        };
        (
            output,
            log_scale.map(|scale| scale.reshape([batch, outputs])),
        )
    }

    /// What the encoder makes of each window, which the head forecasts from.
    ///
    /// # Shapes
    ///
    /// - windows: as for [`forward`](Self::forward)
    /// - output: `[batch, width]` with [`Mixing::Stacked`], else `[batch * coins, width]`; the width is
    ///   [`embedding_width`](Self::embedding_width)
    pub fn embed(&self, windows: Tensor<3>) -> Tensor<2> {
        self.encode(self.by_time(windows))
    }

    /// Number of values that [`embed`](Self::embed) gives for a window, or for a coin of it.
    pub fn embedding_width(&self) -> usize {
        self.encoder.channels_out()
    }

    /// Vectors that [`embed`](Self::embed) gives for a window: one a coin where coins share the
    /// weights, else one.
    pub fn embeddings(&self) -> usize {
        match self.config.mixing {
            Mixing::Shared | Mixing::Own => self.shape.coins,
            Mixing::Stacked => 1,
        }
    }

    /// `[batch, time, channel]`, normalized if the config asks for it.
    fn by_time(&self, windows: Tensor<3>) -> Tensor<3> {
        let windows = windows.swap_dims(1, 2);
        match self.config.input_norm == WindowNorm::Window {
            true => standardize(windows, 1, WINDOW_NORM_EPSILON),
            false => windows,
        }
    }

    fn encode(&self, windows: Tensor<3>) -> Tensor<2> {
        self.encoder
            .forward(self.mixed(windows, self.stem.as_ref()))
    }

    fn mixed(&self, windows: Tensor<3>, convolution: Option<&Conv1d>) -> Tensor<3> {
        let coins = windows.dims()[2] / self.shape.features;
        mix(self.config.mixing, windows, coins, convolution)
    }
}

impl Head {
    fn init(config: &NetworkConfig, units_in: usize, outputs: usize, device: &Device) -> Self {
        let width = config.head_width;
        let hidden =
            (width > 0).then(|| Linear::init(units_in, width, std::f64::consts::SQRT_2, device));
        let last_in = if width > 0 { width } else { units_in };
        Self {
            hidden,
            output: Linear::init(last_in, outputs, OUTPUT_GAIN, device),
            // Scales are 1 to begin with.
            scale: (config.log_scale).then(|| Linear::init(last_in, outputs, 0.0, device)),
            activation: config.activation,
        }
    }

    /// Applies the head.
    ///
    /// # Shapes
    ///
    /// - input: `[row, units_in]`
    /// - output: `[row, outputs]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        self.output.forward(self.hidden(input))
    }

    /// The same, and the logarithms of the scales where there are any.
    ///
    /// # Shapes
    ///
    /// - input: `[row, units_in]`
    /// - outputs: both `[row, outputs]`
    pub fn forward_with_scale(&self, input: Tensor<2>) -> (Tensor<2>, Option<Tensor<2>>) {
        let input = self.hidden(input);
        let scale = self.scale.as_ref();
        let log_scale = scale.map(|scale| scale.forward(input.clone()));
        (self.output.forward(input), log_scale)
    }

    fn hidden(&self, input: Tensor<2>) -> Tensor<2> {
        match &self.hidden {
            Some(hidden) => self.activation.forward(hidden.forward(input)),
            None => input,
        }
    }
}

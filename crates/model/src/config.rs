//! The shape of the network, as written in a config file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::encoders::{AnyEncoder, EncoderKind, EncoderOptions};
use crate::shape::NetworkShape;

/// How the channels of the coins meet in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mixing {
    /// One encoder over all channels of all coins, and a head with one output a coin. The universe
    /// is fixed with the weights.
    Stacked,
    /// One encoder, the same weights for every coin: a coin's own channels and the mean of all
    /// coins' channels go in, and one output comes out. It has a twentieth of the weights to learn
    /// from the same rows, and takes any number of coins.
    #[default]
    Shared,
    /// As `shared`, but a coin's own channels alone go in: nothing of the market, which has few
    /// independent days and is soon learnt by heart. For targets that a coin's own past says most
    /// of, such as volatility.
    Own,
}

/// The activation function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`, the cheapest: one pass forward and one back.
    #[default]
    Relu,
    /// `x * Phi(x)` with the exact error function, as PyTorch's default.
    Gelu,
    /// `x * sigmoid(x)`.
    Silu,
}

/// Normalization in front of each activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// No normalization: zero-initialized blocks train without one (Fixup, Zhang et al. 2019).
    #[default]
    None,
    /// Layer normalization over the channels of each time step (Ba et al. 2016).
    Layer,
}

/// Which of the encoder's time steps reach the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The mean over time.
    Mean,
    /// The last time step.
    Last,
    /// Both, the mean first, with twice the channels: the mean alone forgets which step was the
    /// newest.
    #[default]
    MeanLast,
}

/// What happens to a window before the first convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowNorm {
    /// Nothing: features are normalized by statistics of training rows before.
    #[default]
    None,
    /// From each channel its mean over the window is taken, and the rest is divided by
    /// `sqrt(variance + 1e-5)` over the window. `normalize.inputs = "window"` chooses it.
    Window,
}

/// No width, kernel or stride is larger: a slip of the keyboard should not ask for all memory.
pub(crate) const LARGEST: usize = 4096;

/// As each stage halves the time, no window has more.
const MOST_STAGES: usize = 64;

/// 0.8 GB of 32-bit floats, and as much again for gradients and each of the optimizer's two
/// moments.
const MOST_WEIGHTS: f64 = 2e8;

/// The `[network]` section: coin mixing, an encoder over time, a head.
///
/// The default has about 0.53 million parameters with 8 features. Encoders other than `resnet` have
/// a section of their own, such as `[network.lstm]`; a config file may hold sections of several,
/// and a run's own has that of its encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
// Reads all but the encoders' sections, which `sections.rs` adds.
#[serde(remote = "Self", default, deny_unknown_fields)]
#[schemars(rename = "NetworkConfig")]
pub struct NetworkConfig {
    /// The encoder over time.
    pub encoder: EncoderKind,
    /// How the channels of the coins meet in the network.
    pub mixing: Mixing,
    /// Channels out of the first convolution. A width of 0 leaves it out, and the encoder sees the
    /// features themselves.
    pub stem_width: usize,
    /// Time steps that the first convolution sees at once. Where it equals `stem_stride` the window
    /// is cut into patches. By default these are of 8 bars: 512 bars become 64 steps.
    pub stem_kernel: usize,
    /// Time steps from one output of the first convolution to the next.
    pub stem_stride: usize,
    /// For `resnet`: channels of each stage. By default stages have 64, 32, 16 and 8 time steps, so
    /// that each costs about as much as the one before it.
    pub stages: Vec<usize>,
    /// For `resnet`: residual blocks in each stage.
    pub blocks_per_stage: usize,
    /// For `resnet`: time steps that a convolution in a block sees, an odd number.
    pub kernel: usize,
    /// For `resnet`: stride of the first block of each stage after the first.
    pub stage_stride: usize,
    /// Probability that a value is set to zero during training: inside a block, or between the
    /// layers of a recurrent encoder. The default is that of the pipeline which this project
    /// replaces.
    pub dropout: f64,
    /// The activation function.
    pub activation: Activation,
    /// For `resnet` and `tcn`: normalization in front of each activation.
    pub norm: Norm,
    /// Which of the encoder's time steps reach the head.
    pub pool: Pool,
    /// Units of the head's hidden layer. A width of 0 leaves it out, and the head is a single linear
    /// layer.
    pub head_width: usize,
    /// Whether a linear layer from the whole window, weights starting at 0, is added to what the
    /// head gives: what is linear in the features need not be learnt by the encoder.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub linear_skip: bool,
    /// For `network.linear_skip`: how many of the window's last bars it sees. Without it, all. With 1
    /// bar of features that look back themselves, such as `har_range`, the network is a linear
    /// regression of these to begin with, and learns beside it what that leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear_skip_bars: Option<usize>,
    /// Whether the head says how uncertain each forecast is, too. `training.loss = "gaussian"` sets
    /// it, and nothing else may.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub log_scale: bool,
    /// What happens to a window before the first convolution.
    pub input_norm: WindowNorm,
    /// The encoders' sections.
    #[serde(flatten, skip_deserializing)]
    #[schemars(!skip_deserializing)]
    pub options: EncoderOptions,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            encoder: EncoderKind::ResNet,
            mixing: Mixing::Shared,
            stem_width: 32,
            stem_kernel: 8,
            stem_stride: 8,
            stages: vec![32, 64, 128, 128],
            blocks_per_stage: 2,
            kernel: 3,
            stage_stride: 2,
            dropout: 0.2,
            activation: Activation::Relu,
            norm: Norm::None,
            pool: Pool::MeanLast,
            head_width: 64,
            linear_skip: false,
            linear_skip_bars: None,
            log_scale: false,
            input_norm: WindowNorm::None,
            options: EncoderOptions::default(),
        }
    }
}

impl NetworkConfig {
    /// Checks that a network can be built from this configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the first key with an unusable value.
    #[expect(clippy::too_many_lines, reason = "one entry a key")]
    pub fn validate(&self) -> Result<(), Error> {
        if self.stem_width > LARGEST {
            let hint = "stem_width = 0 leaves the first convolution out".to_owned();
            return Err(unusable(
                "stem_width",
                self.stem_width,
                format!("from 0 to {LARGEST}"),
                hint,
            ));
        }
        let positive = [
            ("stem_kernel", self.stem_kernel),
            ("stem_stride", self.stem_stride),
            ("blocks_per_stage", self.blocks_per_stage),
            ("kernel", self.kernel),
            ("stage_stride", self.stage_stride),
        ];
        for (key, found) in positive {
            if !(1..=LARGEST).contains(&found) {
                return Err(unusable(
                    key,
                    found,
                    format!("from 1 to {LARGEST}"),
                    format!("set {key} = 1 or more"),
                ));
            }
        }
        if self.head_width > LARGEST {
            let hint = "set head_width = 0 for a single linear layer".to_owned();
            return Err(unusable(
                "head_width",
                self.head_width,
                format!("from 0 to {LARGEST}"),
                hint,
            ));
        }
        if self.stem_kernel < self.stem_stride {
            return Err(unusable(
                "stem_kernel",
                self.stem_kernel,
                format!("at least stem_stride = {}", self.stem_stride),
                "a kernel shorter than its stride skips minutes; equal cuts patches".to_owned(),
            ));
        }
        if self.kernel.is_multiple_of(2) {
            return Err(unusable(
                "kernel",
                self.kernel,
                "an odd number",
                format!("set kernel = {}", self.kernel + 1),
            ));
        }
        if self.stages.is_empty()
            || self
                .stages
                .iter()
                .any(|width| !(1..=LARGEST).contains(width))
        {
            return Err(unusable(
                "stages",
                format!("{:?}", self.stages),
                format!("one width from 1 to {LARGEST} for each stage"),
                "for example stages = [32, 64]".to_owned(),
            ));
        }
        if self.stages.len() > MOST_STAGES {
            let expected = format!("at most {MOST_STAGES} stages");
            let hint = "for example stages = [32, 64]".to_owned();
            return Err(unusable(
                "stages",
                format!("{} stages", self.stages.len()),
                expected,
                hint,
            ));
        }
        check_size("stages", format!("{:?}", self.stages), self.block_weights())?;
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(unusable(
                "dropout",
                self.dropout,
                "a probability from 0 to less than 1",
                "set dropout = 0.0 to switch it off".to_owned(),
            ));
        }
        match self.linear_skip_bars {
            Some(0) => Err(unusable(
                "linear_skip_bars",
                0,
                "at least 1",
                "set linear_skip = false for no skip".to_owned(),
            )),
            Some(bars) if !self.linear_skip => Err(unusable(
                "linear_skip_bars",
                bars,
                "none beside linear_skip = false",
                "set linear_skip = true".to_owned(),
            )),
            _ => AnyEncoder::validate(self),
        }
    }

    /// About how many weights the blocks have.
    fn block_weights(&self) -> f64 {
        let (kernel, blocks) = (self.kernel as f64, self.blocks_per_stage as f64);
        let of_stage = |width: &usize| 2.0 * blocks * kernel * (*width as f64).powi(2);
        self.stages.iter().map(of_stage).sum()
    }

    /// Padding of the first convolution, on each side: 0 for patches (kernel equal to stride),
    /// else `(stem_kernel - 1) / 2`.
    pub fn stem_padding(&self) -> usize {
        if self.stem_kernel == self.stem_stride {
            0
        } else {
            (self.stem_kernel - 1) / 2
        }
    }

    /// Bars of a window of `lookback` that the linear skip sees.
    pub(crate) fn skip_bars(&self, lookback: usize) -> usize {
        self.linear_skip_bars.unwrap_or(lookback)
    }

    /// Checks that windows of `lookback` rows of `coins * features` channels fit the network.
    pub(crate) fn validate_input(&self, shape: NetworkShape) -> Result<(), Error> {
        let NetworkShape {
            coins,
            features,
            lookback,
            horizons,
        } = shape;
        for (key, found) in [
            ("coins", coins),
            ("features", features),
            ("horizons", horizons),
        ] {
            if found == 0 {
                let hint = format!("the network needs {key} to look at");
                return Err(unusable(key, found, "at least 1", hint));
            }
        }
        if self.linear_skip {
            let weights = match self.mixing {
                Mixing::Stacked => (coins * features * coins) as f64,
                Mixing::Shared => (2 * features) as f64,
                Mixing::Own => features as f64,
            };
            let bars = self.skip_bars(lookback);
            check_size(
                "linear_skip",
                self.linear_skip,
                weights * (bars * horizons) as f64,
            )?;
            if bars > lookback {
                return Err(unusable(
                    "linear_skip_bars",
                    bars,
                    format!("at most the {lookback} bars of a window"),
                    "set linear_skip_bars = 1, or leave it out for the whole window".to_owned(),
                ));
            }
        }
        if self.stem_width == 0 {
            return Ok(());
        }
        let shortest = self
            .stem_kernel
            .saturating_sub(2 * self.stem_padding())
            .max(1);
        if lookback < shortest {
            return Err(unusable(
                "lookback",
                lookback,
                format!(
                    "at least {shortest} rows for stem_kernel = {}",
                    self.stem_kernel
                ),
                "lengthen lookback or shorten stem_kernel".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Refuses an encoder of absurd size: so many weights, about, for what `key` is.
pub(crate) fn check_size(
    key: &'static str,
    found: impl ToString,
    weights: f64,
) -> Result<(), Error> {
    if weights <= MOST_WEIGHTS {
        return Ok(());
    }
    let expected = format!("at most {MOST_WEIGHTS:.0e} weights");
    let hint = "fewer or narrower layers".to_owned();
    Err(unusable(
        key,
        format!(
            "{}, with the other keys {weights:.1e} weights",
            found.to_string()
        ),
        expected,
        hint,
    ))
}

/// An unusable value, with what to do.
pub(crate) fn unusable(
    key: &'static str,
    found: impl ToString,
    expected: impl Into<String>,
    hint: String,
) -> Error {
    Error::Config {
        key,
        found: found.to_string(),
        expected: expected.into(),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(change: impl FnOnce(&mut NetworkConfig)) -> String {
        let mut config = NetworkConfig::default();
        change(&mut config);
        crate::error::told(&config.validate().unwrap_err())
    }

    #[test]
    fn the_default_is_valid() {
        NetworkConfig::default().validate().unwrap();
    }

    #[test]
    fn messages_name_key_value_expected_and_hint() {
        assert_eq!(
            message(|config| config.kernel = 4),
            "kernel is 4, expected an odd number\nhint: set kernel = 5"
        );
        assert_eq!(
            message(|config| config.stem_kernel = 3),
            "stem_kernel is 3, expected at least stem_stride = 8\nhint: a kernel shorter than its stride skips minutes; equal cuts patches"
        );
        assert_eq!(
            message(|config| config.stages = vec![]),
            "stages is [], expected one width from 1 to 4096 for each stage\nhint: for example stages = [32, 64]"
        );
        assert_eq!(
            message(|config| config.dropout = 1.0),
            "dropout is 1, expected a probability from 0 to less than 1\nhint: set dropout = 0.0 to switch it off"
        );
        assert!(message(|config| config.dropout = f64::NAN).contains("dropout is NaN"));
        assert!(message(|config| config.stage_stride = 0).contains("stage_stride is 0"));
        assert!(
            message(|config| config.stem_width = usize::MAX).contains("expected from 0 to 4096")
        );
        assert_eq!(
            message(|config| config.head_width = 1 << 40),
            "head_width is 1099511627776, expected from 0 to 4096\nhint: set head_width = 0 for a single linear layer"
        );
        assert!(message(|config| config.stages = vec![4096; 20]).contains("at most 2e8 weights"));
        assert!(message(|config| config.blocks_per_stage = 4096).contains("at most 2e8 weights"));
        assert!(message(|config| config.stages = vec![1; 100_000]).contains("at most 64 stages"));
    }

    #[test]
    fn a_typo_in_the_config_is_an_error() {
        let error = serde_json::from_str::<NetworkConfig>(r#"{"stem_widht": 3}"#).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `stem_widht`"),
            "{error}"
        );
        let config: NetworkConfig =
            serde_json::from_str(r#"{"mixing": "stacked", "pool": "mean_last"}"#).unwrap();
        assert_eq!(config.mixing, Mixing::Stacked);
    }
}

//! The encoders over time, one file each, and the one list of them.

mod encoder;
mod gru;
mod lstm;
mod resnet;
mod tcn;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::NetworkConfig;
use crate::recurrent::RecurrentOptions;
pub use encoder::Encoder;
use gru::Gru;
use lstm::Lstm;
use resnet::ResNet;
use tcn::Tcn;
pub use tcn::TcnOptions;

/// From lines `name: Type`, or `name: Type(Options)` for an encoder with a section
/// `[network.name]`, makes the choice in a config file, the sections, and the module that is any of
/// them.
macro_rules! encoders {
    ($($(#[$meta:meta])* $name:ident: $type:ident $(($options:ty))?,)*) => {
        /// Which encoder a network has.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum EncoderKind {
            $($(#[$meta])* $type,)*
        }

        impl EncoderKind {
            /// The names of all.
            pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
        }

        /// The sections of the encoders that have one; one that is not there has its defaults.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct EncoderOptions {
            $($(
                #[doc = concat!("The options of the encoder `", stringify!($name), "`.")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$options>,
            )?)*
        }

        impl EncoderOptions {
            /// Leaves the section of the chosen encoder alone, all its keys written out.
            pub(crate) fn resolve(&mut self, kind: EncoderKind) {
                $($(
                    let section: Option<$options> = self.$name.take();
                    self.$name = (kind == EncoderKind::$type).then(|| section.unwrap_or_default());
                )?)*
            }
        }

        /// One of the encoders.
        #[derive(Module, Debug)]
        pub(crate) enum AnyEncoder {
            $($type($type),)*
        }

        impl AnyEncoder {
            /// Refuses what the chosen encoder cannot be built from.
            pub fn validate(config: &NetworkConfig) -> Result<(), Error> {
                match config.encoder {
                    $(EncoderKind::$type => $type::validate(config),)*
                }
            }

            /// The chosen encoder for windows of so many channels.
            pub fn init(config: &NetworkConfig, channels_in: usize, device: &Device) -> Self {
                match config.encoder {
                    $(EncoderKind::$type => Self::$type($type::init(config, channels_in, device)),)*
                }
            }

            /// Channels of the vector.
            pub fn channels_out(&self) -> usize {
                match self {
                    $(Self::$type(encoder) => encoder.channels_out(),)*
                }
            }

            /// `[window, time, channels_in]` to `[window, channels_out]`.
            pub fn forward(&self, input: Tensor<3>) -> Tensor<2> {
                match self {
                    $(Self::$type(encoder) => encoder.forward(input),)*
                }
            }
        }
    };
}

encoders! {
    /// Residual blocks of convolutions, each stage with fewer time steps and more channels.
    #[default]
    resnet: ResNet,
    /// Long short-term memory (Hochreiter and Schmidhuber 1997).
    lstm: Lstm(RecurrentOptions),
    /// Gated recurrent units (Cho et al. 2014).
    gru: Gru(RecurrentOptions),
    /// Dilated causal convolutions (Bai et al. 2018).
    tcn: Tcn(TcnOptions),
}

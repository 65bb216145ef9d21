//! What an encoder over time is.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::Error;
use crate::config::NetworkConfig;

/// What makes one vector of a window's time steps.
///
/// A new encoder is a file with a type of this trait, and a line in the list of `mod.rs`;
/// `examples/encoder.rs` shows one outside it.
pub trait Encoder: Module {
    /// Refuses what no encoder can be built from.
    ///
    /// # Errors
    ///
    /// The key, the value found and what is expected.
    fn validate(config: &NetworkConfig) -> Result<(), Error>;

    /// An encoder of windows of so many channels; the configuration is valid.
    fn init(config: &NetworkConfig, channels_in: usize, device: &Device) -> Self;

    /// Channels of the vector.
    fn channels_out(&self) -> usize;

    /// Encodes windows.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channels_in]`
    /// - output: `[window, channels_out]`
    fn forward(&self, input: Tensor<3>) -> Tensor<2>;
}

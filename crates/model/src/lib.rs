//! The network of Quarterhour: coin mixing, an encoder over the time of a window (a ResNet, an LSTM
//! ...), a head; and what it needs around it: the choice of a device, windows gathered from one
//! matrix, the loss, the optimizer, the one forecasting function, and records on disk that PyTorch
//! can read by name.
//!
//! This crate knows tensors and no market: a "coin" is a group of channels with one output.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod config;
mod conv;
mod device;
mod dropout;
mod encoders;
mod error;
mod forecast;
#[cfg_attr(not(feature = "gpu"), path = "no_gpu.rs")]
mod gpu;
mod kernel;
mod layers;
mod loss;
mod mixing;
mod network;
mod open_device;
mod optim;
mod parameters;
mod record;
mod recurrent;
mod sections;
mod shape;
mod tensor_file;
mod windows;

pub use burn::module::Module;
pub use burn::optim::GradientsParams;
pub use burn::tensor::{Device, Tensor, TensorData};
pub use config::{Activation, Mixing, NetworkConfig, Norm, Pool, WindowNorm};
pub use device::DeviceChoice;
pub use encoders::{Encoder, EncoderKind, EncoderOptions, TcnOptions};
pub use error::Error;
pub use forecast::{FORECAST_BATCH, embed, forecast, forecast_with_scale, probe};
pub use gpu::without_display;
pub use kernel::{KernelCall, Precision, in_pool, profiled};
pub use layers::LAYER_NORM_EPSILON;
pub use loss::{Loss, at_horizon, gaussian_loss, masked_loss, mean_over_horizons, parts_loss};
pub use network::{Network, WINDOW_NORM_EPSILON};
pub use open_device::OpenDevice;
pub use optim::{AdamW, AdamWConfig, clip_grad_norm};
pub use parameters::ParameterPath;
pub use record::{load_state, load_weights, read_metadata, save_state, save_weights};
pub use recurrent::RecurrentOptions;
pub use shape::NetworkShape;
pub use windows::{MatrixValues, Windows};

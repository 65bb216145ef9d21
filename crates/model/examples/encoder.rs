//! An encoder outside the list: each channel's mean and last step, through one layer. As a file in
//! `src/encoders/` with a line in the list it would be one that `network.encoder` can name.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use model::{Encoder, Error, NetworkConfig};

/// One vector of a window's channels.
#[derive(Module, Debug)]
struct Summary {
    layer: Linear,
}

const WIDTH: usize = 8;

impl Encoder for Summary {
    fn validate(_config: &NetworkConfig) -> Result<(), Error> {
        Ok(())
    }

    fn init(_config: &NetworkConfig, channels_in: usize, device: &Device) -> Self {
        let layer = LinearConfig::new(2 * channels_in, WIDTH).init(device);
        Self { layer }
    }

    fn channels_out(&self) -> usize {
        WIDTH
    }

    fn forward(&self, input: Tensor<3>) -> Tensor<2> {
        let [windows, time, channels] = input.dims();
        // Both [window, channels_in].
        let mean = input.clone().mean_dim(1).reshape([windows, channels]);
        let last = input.narrow(1, time - 1, 1).reshape([windows, channels]);
        relu(self.layer.forward(Tensor::cat(vec![mean, last], 1)))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (config, device) = (NetworkConfig::default(), Device::flex());
    Summary::validate(&config)?;
    let encoder = Summary::init(&config, 3, &device);
    // 2 windows of 5 steps and 3 channels.
    let values: Vec<f32> = (0..30).map(|step| (step as f32 * 0.7).sin()).collect();
    let windows = Tensor::<3>::from_data(TensorData::new(values, [2, 5, 3]), &device);
    let vectors = encoder.forward(windows);
    assert_eq!(vectors.dims(), [2, encoder.channels_out()]);
    println!("{} parameters: {vectors}", encoder.num_params());
    Ok(())
}

//! Long short-term memory.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::encoder::Encoder;
use crate::Error;
use crate::config::{NetworkConfig, Pool};
use crate::recurrent::{self, CellKind, RecurrentLayer};

/// Layers of `torch.nn.LSTM`, and pooling.
#[derive(Module, Debug)]
pub(crate) struct Lstm {
    lstm: Vec<RecurrentLayer>,
    dropout: f64,
    #[module(skip)]
    pool: Pool,
}

impl Encoder for Lstm {
    fn validate(config: &NetworkConfig) -> Result<(), Error> {
        config
            .options
            .lstm
            .clone()
            .unwrap_or_default()
            .validate(CellKind::Lstm, ["lstm.width", "lstm.layers"])
    }

    fn init(config: &NetworkConfig, channels_in: usize, device: &Device) -> Self {
        let options = config.options.lstm.clone().unwrap_or_default();
        let lstm = recurrent::layers(&options, CellKind::Lstm, channels_in, device);
        Self {
            lstm,
            dropout: config.dropout,
            pool: config.pool,
        }
    }

    fn channels_out(&self) -> usize {
        recurrent::channels_out(&self.lstm, self.pool)
    }

    fn forward(&self, input: Tensor<3>) -> Tensor<2> {
        recurrent::encode(&self.lstm, input, self.dropout, self.pool)
    }
}

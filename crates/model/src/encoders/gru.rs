//! Gated recurrent units.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::encoder::Encoder;
use crate::Error;
use crate::config::{NetworkConfig, Pool};
use crate::recurrent::{self, CellKind, RecurrentLayer};

/// Layers of `torch.nn.GRU`, and pooling.
#[derive(Module, Debug)]
pub(crate) struct Gru {
    gru: Vec<RecurrentLayer>,
    dropout: f64,
    #[module(skip)]
    pool: Pool,
}

impl Encoder for Gru {
    fn validate(config: &NetworkConfig) -> Result<(), Error> {
        config
            .options
            .gru
            .clone()
            .unwrap_or_default()
            .validate(CellKind::Gru, ["gru.width", "gru.layers"])
    }

    fn init(config: &NetworkConfig, channels_in: usize, device: &Device) -> Self {
        let options = config.options.gru.clone().unwrap_or_default();
        let gru = recurrent::layers(&options, CellKind::Gru, channels_in, device);
        Self {
            gru,
            dropout: config.dropout,
            pool: config.pool,
        }
    }

    fn channels_out(&self) -> usize {
        recurrent::channels_out(&self.gru, self.pool)
    }

    fn forward(&self, input: Tensor<3>) -> Tensor<2> {
        recurrent::encode(&self.gru, input, self.dropout, self.pool)
    }
}

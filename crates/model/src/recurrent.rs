//! Recurrent layers: what `lstm` and `gru` have in common.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor, activation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::{LARGEST, Pool, check_size, unusable};
use crate::conv::convolve;
use crate::dropout::dropout;
pub(crate) use crate::kernel::CellKind;
use crate::kernel::{Convolution, Recurrence, recur};

/// The section of a recurrent encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RecurrentOptions {
    /// Width of the hidden state.
    pub width: usize,
    /// Number of layers on top of each other.
    pub layers: usize,
    /// Whether a second pass goes from the newest bar to the oldest beside the first. It looks at
    /// nothing new, as a window holds closed bars only.
    pub bidirectional: bool,
}

impl Default for RecurrentOptions {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 1,
            bidirectional: false,
        }
    }
}

impl RecurrentOptions {
    /// Refuses what no encoder of such cells can be built from; `keys` are the names of width and
    /// layers.
    pub(crate) fn validate(&self, cell: CellKind, keys: [&'static str; 2]) -> Result<(), Error> {
        for (key, found, largest) in [(keys[0], self.width, LARGEST), (keys[1], self.layers, 64)] {
            if !(1..=largest).contains(&found) {
                return Err(unusable(
                    key,
                    found,
                    format!("from 1 to {largest}"),
                    format!("set {key} = 1 or more"),
                ));
            }
        }
        let directions = if self.bidirectional { 2 } else { 1 };
        // By the layer's input, which is as wide as the layer below in all its directions, and by
        // the hidden state.
        let of_layer = directions * cell.gates() * self.width * self.width * (directions + 1);
        check_size(keys[0], self.width, of_layer as f64 * self.layers as f64)
    }
}

/// Layers of one kind of cell on top of each other, as the options ask for.
///
/// Each is a `torch.nn.LSTM` or `torch.nn.GRU` of one layer with `batch_first`: a
/// `torch.nn.ModuleList` of them has the same names, dropout going between.
pub(crate) fn layers(
    options: &RecurrentOptions,
    cell: CellKind,
    channels_in: usize,
    device: &Device,
) -> Vec<RecurrentLayer> {
    let width_out = if options.bidirectional {
        2 * options.width
    } else {
        options.width
    };
    (0..options.layers)
        .map(|layer| {
            let channels_in = if layer == 0 { channels_in } else { width_out };
            RecurrentLayer::init(
                cell,
                channels_in,
                options.width,
                options.bidirectional,
                device,
            )
        })
        .collect()
}

/// Channels that reach the head.
pub(crate) fn channels_out(layers: &[RecurrentLayer], pool: Pool) -> usize {
    layers
        .last()
        .map_or(0, |layer| pool.channels(layer.width_out()))
}

/// What of the last layer's steps reaches the head; the last step of a direction is the one that it
/// ends with.
///
/// # Shapes
///
/// - input: `[window, time, channels_in]`
/// - output: `[window, channels_out]`
pub(crate) fn encode(
    layers: &[RecurrentLayer],
    input: Tensor<3>,
    probability: f64,
    pool: Pool,
) -> Tensor<2> {
    let mut values = input;
    for (index, layer) in layers.iter().enumerate() {
        if index > 0 {
            values = dropout(values, probability);
        }
        values = layer.forward(values);
    }
    let is_bidirectional = layers
        .last()
        .is_some_and(|layer| layer.weight_hh_l0_reverse.is_some());
    pool.with_last(values, |values| {
        let [windows, time, channels] = values.dims();
        if !is_bidirectional {
            return values.narrow(1, time - 1, 1).reshape([windows, channels]);
        }
        let units = channels / 2;
        // Each [window, 1, unit] to [window, unit].
        let end = |step, first| {
            values
                .clone()
                .narrow(1, step, 1)
                .narrow(2, first, units)
                .reshape([windows, units])
        };
        Tensor::cat(vec![end(time - 1, 0), end(0, units)], 1)
    })
}

/// `torch.nn.LSTM` or `torch.nn.GRU` of one layer, with PyTorch's names and layouts.
///
/// # Shapes
///
/// - `weight_ih_l0`: `[gates, channels_in]`, `weight_hh_l0`: `[gates, units]`
/// - `bias_ih_l0`, `bias_hh_l0`: `[gates]`
#[derive(Module, Debug)]
pub(crate) struct RecurrentLayer {
    weight_ih_l0: Param<Tensor<2>>,
    weight_hh_l0: Param<Tensor<2>>,
    bias_ih_l0: Param<Tensor<1>>,
    bias_hh_l0: Param<Tensor<1>>,
    weight_ih_l0_reverse: Option<Param<Tensor<2>>>,
    weight_hh_l0_reverse: Option<Param<Tensor<2>>>,
    bias_ih_l0_reverse: Option<Param<Tensor<1>>>,
    bias_hh_l0_reverse: Option<Param<Tensor<1>>>,
    #[module(skip)]
    cell: CellKind,
}

impl RecurrentLayer {
    /// Weights and biases drawn as PyTorch draws them, uniformly up to `1 / sqrt(units)` on both
    /// sides of 0.
    fn init(
        cell: CellKind,
        channels_in: usize,
        units: usize,
        bidirectional: bool,
        device: &Device,
    ) -> Self {
        let limit = 1.0 / (units as f64).sqrt();
        let drawn = Distribution::Uniform(-limit, limit);
        let gates = cell.gates() * units;
        let weight =
            |columns: usize| Param::from_tensor(Tensor::random([gates, columns], drawn, device));
        let bias = || Param::from_tensor(Tensor::random([gates], drawn, device));
        Self {
            weight_ih_l0: weight(channels_in),
            weight_hh_l0: weight(units),
            bias_ih_l0: bias(),
            bias_hh_l0: bias(),
            weight_ih_l0_reverse: bidirectional.then(|| weight(channels_in)),
            weight_hh_l0_reverse: bidirectional.then(|| weight(units)),
            bias_ih_l0_reverse: bidirectional.then(bias),
            bias_hh_l0_reverse: bidirectional.then(bias),
            cell,
        }
    }

    /// Channels of a step's output.
    fn width_out(&self) -> usize {
        let [_, units] = self.weight_hh_l0.dims();
        if self.weight_hh_l0_reverse.is_some() {
            2 * units
        } else {
            units
        }
    }

    /// Hidden states of all steps.
    ///
    /// # Shapes
    ///
    /// - input: `[window, time, channels_in]`
    /// - output: `[window, time, units]`, twice the units where both directions are looked in
    fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let reverse = (
            &self.weight_ih_l0_reverse,
            &self.weight_hh_l0_reverse,
            &self.bias_ih_l0_reverse,
            &self.bias_hh_l0_reverse,
        );
        let ahead = (
            &self.weight_ih_l0,
            &self.weight_hh_l0,
            &self.bias_ih_l0,
            &self.bias_hh_l0,
        );
        match reverse {
            (Some(weight_ih), Some(weight_hh), Some(bias_ih), Some(bias_hh)) => {
                let ahead = self.direction(input.clone(), ahead, false);
                let back = self.direction(input, (weight_ih, weight_hh, bias_ih, bias_hh), true);
                Tensor::cat(vec![ahead, back], 2)
            }
            _ => self.direction(input, ahead, false),
        }
    }

    fn direction(
        &self,
        input: Tensor<3>,
        (weight_ih, weight_hh, bias_ih, bias_hh): RecurrentWeights<'_>,
        reversed: bool,
    ) -> Tensor<3> {
        let [gates, channels_in] = weight_ih.dims();
        // The input's part of all steps at once: a convolution of width 1.
        let input = convolve(Convolution {
            input,
            weight: weight_ih.val().reshape([gates, channels_in, 1]),
            bias: bias_ih.val(),
            residual: None,
            stride: 1,
            dilation: 1,
            padding: [0; 2],
            rectified: false,
            mask: None,
        });
        let recurrence = Recurrence {
            cell: self.cell,
            input,
            weight: weight_hh.val(),
            bias: bias_hh.val(),
            reversed,
        };
        recur(recurrence).unwrap_or_else(|recurrence| step_by_step(*recurrence))
    }
}

type RecurrentWeights<'a> = (
    &'a Param<Tensor<2>>,
    &'a Param<Tensor<2>>,
    &'a Param<Tensor<1>>,
    &'a Param<Tensor<1>>,
);

/// The recurrent layer by Burn's operations, for backends without a kernel of ours.
///
/// # Shapes
///
/// - output: `[window, time, units]`
fn step_by_step(recurrence: Recurrence) -> Tensor<3> {
    let Recurrence {
        cell,
        input,
        weight,
        bias,
        reversed,
    } = recurrence;
    let ([windows, time, gates], [_, units]) = (input.dims(), weight.dims());
    let device = input.device();
    let zeros = || Tensor::<2>::zeros([windows, units], &device);
    let (weight, bias) = (weight.transpose(), bias.reshape([1, gates]));
    let (mut hidden, mut state) = (zeros(), zeros());
    let mut outputs = Vec::with_capacity(time);
    for count in 0..time {
        let step = if reversed { time - 1 - count } else { count };
        // [window, gates]
        let input = input.clone().narrow(1, step, 1).reshape([windows, gates]);
        let recurrent = hidden.clone().matmul(weight.clone()) + bias.clone();
        let part = |of: &Tensor<2>, index: usize| of.clone().narrow(1, index * units, units);
        match cell {
            CellKind::Lstm => {
                let sum = input + recurrent;
                let [i, f, o] = [0, 1, 3].map(|index| activation::sigmoid(part(&sum, index)));
                state = f * state + i * part(&sum, 2).tanh();
                hidden = o * state.clone().tanh();
            }
            CellKind::Gru => {
                let [r, z] = [0, 1].map(|index| {
                    activation::sigmoid(part(&input, index) + part(&recurrent, index))
                });
                let n = (part(&input, 2) + r * part(&recurrent, 2)).tanh();
                hidden = n.clone() + z * (hidden - n);
            }
        }
        outputs.push(hidden.clone().reshape([windows, 1, units]));
    }
    if reversed {
        outputs.reverse();
    }
    Tensor::cat(outputs, 1)
}

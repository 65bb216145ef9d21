//! One-dimensional convolution as matrix products on rows of channels.
//!
//! Values travel through the network time-major, `[time, window, channel]`: a shift in time is
//! then a slice of whole rows, which the CPU backend multiplies in place, without copying patches
//! together. Burn's own `Conv1d` turns its weight gradient into products of width 3, which took about
//! twice as long.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};

/// Shape of a [`Conv1d`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv1dConfig {
    /// Channels in.
    pub channels_in: usize,
    /// Channels out.
    pub channels_out: usize,
    /// Time steps that one output sees.
    pub kernel: usize,
    /// Time steps from one output to the next.
    pub stride: usize,
    /// Zeros added at each end of the time axis, as `padding` of `torch.nn.Conv1d`.
    pub padding: usize,
}

/// A convolution over time, equal to `torch.nn.Conv1d(channels_in, channels_out, kernel, stride,
/// padding)`, with weights in PyTorch's layout.
///
/// # Shapes
///
/// - `weight`: `[channels_out, channels_in, kernel]`
/// - `bias`: `[channels_out]`
#[derive(Module, Debug)]
pub struct Conv1d {
    /// Weights, `[channels_out, channels_in, kernel]`.
    pub weight: Param<Tensor<3>>,
    /// Bias, `[channels_out]`.
    pub bias: Param<Tensor<1>>,
    stride: usize,
    padding: usize,
}

impl Conv1dConfig {
    /// A convolution with weights drawn from a normal distribution of standard deviation
    /// `gain / sqrt(channels_in * kernel)` and no bias; a gain of 0 gives zeros.
    ///
    /// `sqrt(2)` keeps the variance through a ReLU (He et al. 2015, <https://arxiv.org/abs/1502.01852>).
    pub fn init(&self, gain: f64, device: &Device) -> Conv1d {
        let shape = [self.channels_out, self.channels_in, self.kernel];
        let deviation = gain / ((self.channels_in * self.kernel) as f64).sqrt();
        Conv1d {
            weight: normal(shape, deviation, device),
            bias: Param::from_tensor(Tensor::zeros([self.channels_out], device)),
            stride: self.stride,
            padding: self.padding,
        }
    }
}

/// A parameter drawn at once (Burn's own initializers draw at first use, which would make the
/// values depend on the order of use) from a normal distribution around 0.
pub(crate) fn normal<const D: usize>(shape: [usize; D], deviation: f64, device: &Device) -> Param<Tensor<D>> {
    Param::from_tensor(if deviation == 0.0 {
        Tensor::zeros(shape, device)
    } else {
        Tensor::random(shape, Distribution::Normal(0.0, deviation), device)
    })
}

impl Conv1d {
    /// Applies the convolution.
    ///
    /// # Shapes
    ///
    /// - input: `[time, window, channels_in]`
    /// - output: `[time_out, window, channels_out]` with
    ///   `time_out = (time + 2 * padding - kernel) / stride + 1`
    pub fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let output = convolve(input, self.weight.val(), self.stride, self.padding);
        output + self.bias.val().reshape([1, 1, -1])
    }

    /// Applies the convolution to whole windows whose channels come in groups that share the
    /// weights, using only the `channels_in` from `first_channel` on, and without the bias.
    ///
    /// The first convolution is linear, so what it makes of a coin's own channels and of the
    /// market's can be computed apart and added: the market's part once a minute, not once a coin.
    ///
    /// # Shapes
    ///
    /// - windows: `[batch, time, group, channel]`
    /// - output: `[time_out, batch * group, channels_out]`
    pub(crate) fn forward_windows(&self, windows: Tensor<4>, first_channel: usize) -> Tensor<3> {
        let [batch, time, groups, channels] = windows.dims();
        let weight = self.weight.val().narrow(1, first_channel, channels);
        let [channels_out, _, kernel] = weight.dims();
        if kernel == self.stride && self.padding == 0 {
            let time_out = time / kernel;
            let rows = windows
                .narrow(1, 0, time_out * kernel)
                // [batch, time_out, tap, group, channel]
                .reshape([batch, time_out, kernel, groups, channels])
                // [time_out, batch, group, tap, channel]
                .permute([1, 0, 3, 2, 4])
                // [time_out * batch * group, tap * channel]
                .reshape([time_out * batch * groups, kernel * channels]);
            // [time_out, batch * group, channels_out]
            return rows.matmul(all_taps(weight)).reshape([time_out, batch * groups, channels_out]);
        }
        let input = windows
            .permute([1, 0, 2, 3])
            // [time, batch * group, channel]
            .reshape([time, batch * groups, channels]);
        convolve(input, weight, self.stride, self.padding)
    }
}

/// The weights of all taps below each other: `[out, in, kernel]` to `[kernel * in, out]`.
fn all_taps(weight: Tensor<3>) -> Tensor<2> {
    let [channels_out, channels, kernel] = weight.dims();
    weight.permute([2, 1, 0]).reshape([kernel * channels, channels_out])
}

/// Convolution without bias.
///
/// # Shapes
///
/// - input: `[time, window, channels_in]`
/// - weight: `[channels_out, channels_in, kernel]`
/// - output: `[time_out, window, channels_out]`
fn convolve(input: Tensor<3>, weight: Tensor<3>, stride: usize, padding: usize) -> Tensor<3> {
    let [channels_out, channels, kernel] = weight.dims();
    let input = pad(input, padding);
    let [time, windows, _] = input.dims();
    let time_out = (time - kernel) / stride + 1;
    let rows = time_out * windows;
    let span = (time_out - 1) * stride + 1;
    // Rows that one tap of the kernel sees: [time_out * window, channels_in].
    let tap = |index: usize| {
        let from = index as isize;
        let range = burn::tensor::Slice::new(from, Some(from + span as isize), stride as isize);
        input.clone().slice_dim(0, range).reshape([rows, channels])
    };
    let output = if stride == 1 {
        // Slices of consecutive rows: one product for each tap, nothing copied. Copied beside each other for one
        // product, a training step of 0.06 million parameters took 100 ms instead of 63.
        let product = |index: usize| {
            // [channels_in, channels_out]
            let weight = weight.clone().narrow(2, index, 1).reshape([channels_out, channels]);
            tap(index).matmul(weight.transpose())
        };
        (1..kernel).fold(product(0), |sum, index| sum + product(index))
    } else {
        // Strided slices are copied in any case: beside each other, for one product.
        let taps = (0..kernel).map(tap).collect();
        Tensor::cat(taps, 1).matmul(all_taps(weight))
    };
    output.reshape([time_out, windows, channels_out])
}

/// Zeros before and after the time axis.
///
/// # Shapes
///
/// - input: `[time, window, channel]`
/// - output: `[time + 2 * padding, window, channel]`
fn pad(input: Tensor<3>, padding: usize) -> Tensor<3> {
    if padding == 0 {
        return input;
    }
    let [_, windows, channels] = input.dims();
    let zeros = Tensor::zeros([padding, windows, channels], &input.device());
    Tensor::cat(vec![zeros.clone(), input, zeros], 0)
}

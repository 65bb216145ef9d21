//! The one way from windows to forecasts.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Tensor;

use crate::kernel::{has_own_kernel, in_pool};
use crate::parameters::to_host;
use crate::{Error, Network, Windows};

/// Windows in each pass through the network. On most devices always as many: the kernels of a
/// matrix product, and with them the last bits of a forecast, change with the shape. On the flex
/// backend our own kernel computes each window by itself, and a pass may have fewer.
pub const FORECAST_BATCH: usize = 16;

/// Largest forecast of a network that can be true, in the unit that it was trained in: standard
/// deviations of the target. Honest ones are within a few; what a bias of 3e38 makes is not.
const LARGEST_FORECAST: f32 = 1e6;

/// Forecasts all coins for the windows that end at these rows.
///
/// Scoring a model and forecasting live both call this function. Each pass has the one shape of
/// [`FORECAST_BATCH`] windows, the last filled up with copies (not on the flex backend, where the
/// shape does not matter), so a window's forecast depends neither on its neighbours nor on its
/// place. `progress` is told how many windows are done.
///
/// # Shapes
///
/// - output: `[ends.len(), coins * horizons]`, row-major, as [`Network::forward`] gives it
///
/// # Errors
///
/// [`Error::TrainingDevice`] for a network that would draw dropout, [`Error::WindowsDoNotFit`] for
/// windows of another network, the errors of [`Windows::batch`], and [`Error::DeviceFailed`].
pub fn forecast(
    network: &Network,
    windows: &Windows,
    ends: &[usize],
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<f32>, Error> {
    let pass = |windows| network.forward(windows);
    in_passes(
        (network, windows),
        ends,
        (&pass, network.outputs()),
        progress,
    )
}

/// As [`forecast`], with the logarithms of the standard deviations beside the forecasts; None without
/// `network.log_scale`.
///
/// # Shapes
///
/// - outputs: both `[ends.len(), coins * horizons]`, as that of [`forecast`]
///
/// # Errors
///
/// As [`forecast`].
pub fn forecast_with_scale(
    network: &Network,
    windows: &Windows,
    ends: &[usize],
) -> Result<(Vec<f32>, Option<Vec<f32>>), Error> {
    if !network.config().log_scale {
        return Ok((forecast(network, windows, ends, &mut |_| {})?, None));
    }
    let outputs = network.outputs();
    let pass = |windows| {
        let (forecasts, log_scale) = network.forward_with_scale(windows);
        Tensor::cat(std::iter::once(forecasts).chain(log_scale).collect(), 1)
    };
    let width = 2 * outputs;
    let both = in_passes((network, windows), ends, (&pass, width), &mut |_| {})?;
    let half = |start: usize| {
        let rows = both.chunks_exact(width);
        rows.flat_map(|row| row[start..start + outputs].to_vec())
            .collect()
    };
    Ok((half(0), Some(half(outputs))))
}

/// What the encoder makes of the windows that end at these rows, by the same passes as
/// [`forecast`]: neither neighbours nor place change a bit of it.
///
/// # Shapes
///
/// - output: `[ends.len(), embeddings, width]`, row-major, with [`Network::embeddings`] vectors of
///   [`Network::embedding_width`] values for each window
///
/// # Errors
///
/// As [`forecast`].
pub fn embed(
    network: &Network,
    windows: &Windows,
    ends: &[usize],
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<f32>, Error> {
    let pass = |windows| network.embed(windows);
    let width = network.embeddings() * network.embedding_width();
    in_passes((network, windows), ends, (&pass, width), progress)
}

/// What `pass` gives for windows, `[ends.len(), width]`.
fn in_passes(
    (network, windows): (&Network, &Windows),
    ends: &[usize],
    (pass, width): (&(dyn Fn(Tensor<3>) -> Tensor<2> + Sync), usize),
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<f32>, Error> {
    if network.device().is_autodiff() || windows.device().is_autodiff() {
        return Err(Error::TrainingDevice);
    }
    let (coins, features, lookback) = (network.coins(), network.features(), network.lookback());
    if windows.channels() != coins * features || windows.lookback() != lookback {
        return Err(Error::WindowsDoNotFit {
            found_channels: windows.channels(),
            found_lookback: windows.lookback(),
            expected_channels: coins * features,
            expected_lookback: lookback,
            coins,
            features,
        });
    }
    let device = network.device();
    let is_shape_free = has_own_kernel(&device);
    let mut values = Vec::with_capacity(ends.len() * width);
    let mut padded = Vec::with_capacity(FORECAST_BATCH);
    for chunk in ends.chunks(FORECAST_BATCH) {
        padded.clear();
        padded.extend_from_slice(chunk);
        if !is_shape_free {
            padded.resize(FORECAST_BATCH, chunk[chunk.len() - 1]);
        }
        let found = in_pool(&device, || {
            to_host(pass(windows.batch(&padded)?), "forecasting")
        })?;
        values.extend_from_slice(&found[..chunk.len() * width]);
        progress(values.len() / width);
    }
    Ok(values)
}

/// Checks that a network whose weights came from `path` forecasts numbers within reason: on a window of zeros,
/// which is what training looked like on average, and on one that wanders up to three standard
/// deviations away.
///
/// # Errors
///
/// [`Error::AbsurdForecast`] for a forecast that is no number or beyond all reason, the errors of
/// [`forecast`].
pub fn probe(network: &Network, path: &Path) -> Result<(), Error> {
    let (channels, lookback) = (network.coins() * network.features(), network.lookback());
    let zeros = std::iter::repeat_n(0.0, lookback * channels);
    // Steps of an irrational share of a turn come close to every value and repeat none.
    let wandering = (0..lookback * channels).map(|place| 3.0 * (place as f32 * 2.4).sin());
    let matrix: Arc<Vec<f32>> = Arc::new(zeros.chain(wandering).collect());
    let windows = Windows::new(matrix, channels, lookback, &network.device());
    let forecasts = forecast(
        network,
        &windows,
        &[lookback - 1, 2 * lookback - 1],
        &mut |_| {},
    )?;
    let is_absurd = |forecast: &&f32| forecast.is_nan() || forecast.abs() > LARGEST_FORECAST;
    match forecasts.iter().find(is_absurd) {
        Some(&found) => Err(Error::AbsurdForecast {
            path: path.to_owned(),
            found,
            largest: LARGEST_FORECAST,
        }),
        None => Ok(()),
    }
}

//! The loss.

use burn::tensor::Tensor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a forecast is from its target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The absolute error: returns have heavy tails, and squares of them make training unstable.
    #[default]
    L1,
    /// The squared error.
    L2,
    /// Half the squared error up to 1 (in the unit of the scaled target), and from there
    /// `|error| - 1/2` (Huber 1964; `torch.nn.HuberLoss` with its default delta).
    Huber,
    /// Half the squared error over the variance that a second output of the network says, plus half
    /// the logarithm of that variance: what a normal distribution makes of the error (Nix and Weigend
    /// 1994; `torch.nn.GaussianNLLLoss`). Rows of which the network knows that they are hard to
    /// forecast count for less. With one variance for all rows it would be `l2`. The forecast is the
    /// mean; the variance serves training alone.
    Gaussian,
    /// For logarithms of volatilities: `exp(2e) - 2e - 1`, e being what came less what was forecast
    /// (Patton 2011). That is QLIKE of the variances, which forgives too high a variance more than too
    /// low a one. Its optimum is the logarithm of the root of the mean variance, which lies above the
    /// mean logarithm.
    Qlike,
}

impl Loss {
    /// The loss of each error, which is the forecast less the target: for `gaussian` in units of its
    /// standard deviation and without its logarithm, for `qlike` in logarithms.
    fn of(self, error: Tensor<2>) -> Tensor<2> {
        match self {
            Self::L1 => error.abs(),
            Self::L2 => error.square(),
            Self::Gaussian => error.square().mul_scalar(0.5),
            Self::Qlike => {
                let twice = error.mul_scalar(-2.0);
                (twice.clone().exp() - twice).sub_scalar(1.0)
            }
            Self::Huber => {
                let size = error.abs();
                let inner = size.clone().clamp_max(1.0);
                inner.clone().square().mul_scalar(0.5) + (size - inner)
            }
        }
    }
}

/// Mean loss over the entries whose mask is 1.
///
/// Entries with mask 0 count for nothing, whatever their target, NaN included. The mean over no
/// entries is 0.
///
/// # Shapes
///
/// - forecast, target, mask: `[batch, coins]`, the mask of zeros and ones
/// - output: `[1]`
pub fn masked_loss(
    loss: Loss,
    forecast: Tensor<2>,
    target: Tensor<2>,
    mask: Tensor<2>,
) -> Tensor<1> {
    let target = target.mask_fill(mask.clone().equal_scalar(0.0), 0.0);
    masked_mean(loss.of(forecast - target), mask)
}

/// Mean [`Loss::Gaussian`] over the entries whose mask is 1, with the logarithms of the standard
/// deviations that the network says.
///
/// # Shapes
///
/// - forecast, log_scale, target, mask: `[batch, coins]`, as for [`masked_loss`]
/// - output: `[1]`
pub fn gaussian_loss(
    forecast: Tensor<2>,
    log_scale: Tensor<2>,
    target: Tensor<2>,
    mask: Tensor<2>,
) -> Tensor<1> {
    let target = target.mask_fill(mask.clone().equal_scalar(0.0), 0.0);
    let error = (forecast - target) * log_scale.clone().neg().exp();
    masked_mean(Loss::Gaussian.of(error) + log_scale, mask)
}

/// The loss of each coin's own part, and `market_weight` times that of the market's part.
///
/// The market's part is the mean in the target's unit over the coins whose mask is 1, the own part
/// is the rest; each is measured in what the coins' targets are scaled by, the market's part in the
/// mean of it.
///
/// # Shapes
///
/// - forecast, target, mask: `[batch, coins]`, as for [`masked_loss`], in units of `scale`
/// - scale: `[batch, coins]`, in the target's unit
/// - output: `[1]`
pub fn parts_loss(
    loss: Loss,
    forecast: Tensor<2>,
    target: Tensor<2>,
    mask: Tensor<2>,
    scale: Tensor<2>,
    market_weight: f64,
) -> Tensor<1> {
    let target = target.mask_fill(mask.clone().equal_scalar(0.0), 0.0);
    // [batch, coins], in the target's unit
    let error = (forecast - target) * scale.clone();
    // All [batch, 1].
    let known = mask.clone().sum_dim(1);
    let mean =
        |values: Tensor<2>| (values * mask.clone()).sum_dim(1) / known.clone().clamp_min(1.0);
    let market = mean(error.clone());
    let market_error = market.clone() / mean(scale.clone()).clamp_min(f32::MIN_POSITIVE);
    let own = masked_mean(loss.of((error - market) / scale), mask.clone());
    own + masked_mean(loss.of(market_error), known.clamp_max(1.0)).mul_scalar(market_weight)
}

/// The mean over horizons of the loss of each, which `loss` makes of the horizon's place and its
/// forecasts, `[batch, coins]`.
///
/// # Shapes
///
/// - outputs: `[batch, coins * horizons]`, place `coin * horizons + horizon`
/// - output: `[1]`
pub fn mean_over_horizons(
    outputs: Tensor<2>,
    horizons: usize,
    loss: impl Fn(usize, Tensor<2>) -> Tensor<1>,
) -> Tensor<1> {
    if horizons < 2 {
        return loss(0, outputs);
    }
    let of_horizon = |place| loss(place, at_horizon(outputs.clone(), horizons, place));
    let first = of_horizon(0);
    (1..horizons)
        .map(of_horizon)
        .fold(first, |sum, own| sum + own)
        .div_scalar(horizons as f64)
}

/// The outputs of one of several horizons.
///
/// # Shapes
///
/// - outputs: `[batch, coins * horizons]`, place `coin * horizons + horizon`
/// - output: `[batch, coins]`
pub fn at_horizon(outputs: Tensor<2>, horizons: usize, place: usize) -> Tensor<2> {
    let [batch, places] = outputs.dims();
    let coins = places / horizons;
    // [batch, coin, 1] to [batch, coin]
    let outputs = outputs.reshape([batch, coins, horizons]);
    outputs.narrow(2, place, 1).reshape([batch, coins])
}

fn masked_mean(losses: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    let entries = mask.clone().sum().clamp_min(1.0);
    (losses * mask).sum() / entries
}

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
}

impl Loss {
    /// The loss of each error.
    fn of(self, error: Tensor<2>) -> Tensor<2> {
        match self {
            Self::L1 => error.abs(),
            Self::L2 => error.square(),
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
    let [batch, places] = outputs.dims();
    let coins = places / horizons;
    let outputs = outputs.reshape([batch, coins, horizons]);
    // [batch, coin, 1] to [batch, coin]
    let of_horizon = |place| {
        let own = outputs.clone().narrow(2, place, 1);
        loss(place, own.reshape([batch, coins]))
    };
    let first = of_horizon(0);
    (1..horizons)
        .map(of_horizon)
        .fold(first, |sum, own| sum + own)
        .div_scalar(horizons as f64)
}

fn masked_mean(losses: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    let entries = mask.clone().sum().clamp_min(1.0);
    (losses * mask).sum() / entries
}

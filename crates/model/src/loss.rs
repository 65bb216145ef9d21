//! The loss.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How far a forecast is from its target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Mean loss over the entries whose mask is 1.
///
/// Entries with mask 0 count for nothing, whatever their target, NaN included. The mean over no
/// entries is 0.
///
/// # Shapes
///
/// - forecast, target, mask: `[batch, coins]`, the mask of zeros and ones
/// - output: `[1]`
pub fn masked_loss(loss: Loss, forecast: Tensor<2>, target: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    let target = target.mask_fill(mask.clone().equal_scalar(0.0), 0.0);
    let error = forecast - target;
    let losses = match loss {
        Loss::L1 => error.abs(),
        Loss::L2 => error.square(),
        Loss::Huber => {
            let size = error.abs();
            let inner = size.clone().clamp_max(1.0);
            inner.clone().square().mul_scalar(0.5) + (size - inner)
        }
    };
    let entries = mask.clone().sum().clamp_min(1.0);
    (losses * mask).sum() / entries
}

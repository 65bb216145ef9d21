//! Which targets a loss can be of.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{Config, Fit, Task};
use model::Loss;

/// Checks that the loss fits the target, and a head with scales the loss.
///
/// # Errors
/// The key that is in the way, with a hint.
pub(crate) fn check_loss(loss: Loss, has_log_scale: bool, shared: &Config) -> anyhow::Result<()> {
    let target = &shared.target;
    let name = match loss {
        Loss::L1 | Loss::L2 | Loss::Huber if has_log_scale => {
            return Err(anyhow!(
                "network.log_scale = true: expected training.loss = \"gaussian\" beside it"
            )
            .hint("--set training.loss=gaussian sets both"));
        }
        Loss::L1 | Loss::L2 | Loss::Huber => return Ok(()),
        Loss::Gaussian => "gaussian",
        Loss::Qlike => "qlike",
    };
    if target.fit != Fit::Whole {
        return Err(anyhow!(
            "training.loss = \"{name}\": expected target.fit = \"whole\", as it is no loss of a \
             target's parts"
        )
        .hint("--set target.fit=whole"));
    }
    let task = target.init(shared.data.interval).task();
    if loss == Loss::Qlike && task != Task::LogVolatility {
        return Err(anyhow!(
            "training.loss = \"qlike\" beside target.kind = \"{}\": expected \"volatility\", as it \
             compares variances",
            target.kind
        )
        .hint("--set training.loss=l1"));
    }
    Ok(())
}

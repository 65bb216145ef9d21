//! The model that a watch begins with, or goes on with.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{format_time, parse_time};
use rules::Thresholds;

use crate::Checkpoint;
use crate::checkpoint::Request;
use crate::seen::{InSample, out_of_sample};

/// The model that has not seen the time at which the watch begins, nor have the thresholds; or the
/// one that was loaded, marked as in sample.
pub(super) fn unseen(
    checkpoint: Checkpoint,
    (request, in_sample): (&Request<'_>, InSample),
    tuned: Option<&Thresholds>,
    begins_ms: i64,
) -> anyhow::Result<Checkpoint> {
    let bar_ms = checkpoint.config.data.interval.ms();
    let tuned_on = tuned.filter(|thresholds| is_tuned_on(thresholds, begins_ms, bar_ms));
    if let (Some(thresholds), InSample::Refuse) = (tuned_on, in_sample) {
        return Err(anyhow!(
            "{} UTC is not out of sample: thresholds were tuned on forecasts of {} \
             to {} UTC",
            format_time(begins_ms),
            thresholds.tuned[0],
            thresholds.tuned[1]
        )
        .hint(
            "--thresholds FILE takes others; --in-sample watches all the same, and \
             marks every row",
        ));
    }
    let mut checkpoint = out_of_sample(checkpoint, request, begins_ms, in_sample)?;
    checkpoint.is_in_sample |= tuned_on.is_some();
    Ok(checkpoint)
}

/// Whether thresholds were tuned on the time, or on positions that were open then. Those that a
/// person wrote, which name no span, were tuned on nothing.
fn is_tuned_on(thresholds: &Thresholds, at_ms: i64, bar_ms: i64) -> bool {
    let held_ms = (thresholds
        .entry_delay_bars
        .saturating_add(thresholds.hold_bars) as i64)
        .saturating_mul(bar_ms);
    parse_time(&thresholds.tuned[1]).is_ok_and(|last_ms| at_ms <= last_ms.saturating_add(held_ms))
}

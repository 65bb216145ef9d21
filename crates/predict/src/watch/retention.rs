//! How much of a ledger is kept.

use dataset::TimeSpan;

/// The times before which forecasts and candles are taken out of a ledger whose last forecast is at
/// `last_ms`, all UTC ms. Candles stay for a history longer, so that every forecast that stays can
/// be made again.
pub fn prune_before(last_ms: i64, keep: TimeSpan, history_ms: i64) -> (i64, i64) {
    let forecasts_ms = last_ms.saturating_sub(keep.ms());
    (forecasts_ms, forecasts_ms.saturating_sub(history_ms))
}

//! What a download is asked for.

use dataset::Store;
use market::{ArchiveClient, Interval, RestClient};

/// What all coin months have in common.
#[derive(Debug)]
pub(super) struct Job {
    pub store: Store,
    pub archive: ArchiveClient,
    /// None where the exchange does not serve REST to us.
    pub rest: Option<RestClient>,
    /// The exchange's clock when the download began: for all coins, closed means closed by then.
    pub now_ms: i64,
    /// Open times wanted, up to now.
    pub from_ms: i64,
    pub until_ms: i64,
    pub trust_known: bool,
}

/// How many candles can open in a stretch of time.
pub(super) fn bars(interval: Interval, from_ms: i64, until_ms: i64) -> i64 {
    let opened_before = |time_ms: i64| -(-time_ms).div_euclid(interval.ms());
    (opened_before(until_ms) - opened_before(from_ms)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candles_open_on_the_grid() {
        let count = |from_ms, until_ms| bars(Interval::ONE_MINUTE, from_ms, until_ms);
        assert_eq!(count(0, 120_000), 2);
        assert_eq!(count(1, 120_000), 1);
        assert_eq!(count(0, 120_001), 3);
        assert_eq!(count(60_000, 60_000), 0);
        assert_eq!(count(120_000, 60_000), 0);
    }
}

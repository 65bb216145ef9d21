//! What the pretend exchange has done so far.

use std::collections::BTreeMap;

use serde::Serialize;

/// Requests answered and faults dealt since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    requests: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// Requests to `endpoint`, refused ones included: `ping`, `time`, `exchange_info`, `klines`,
    /// `archive`, `socket` (connections) or `unknown`.
    pub fn requests(&self, endpoint: &str) -> u64 {
        self.requests.get(endpoint).copied().unwrap_or(0)
    }

    /// Faults of one kind, by their key in `[replay.faults]`: `rate_limited`, `cut`, `outages`,
    /// ...; also `weight_limit` (429 because the weight was used up), `while_silenced`
    /// (requests that came before a `Retry-After` was over) and `slow_reader` (websocket
    /// connections dropped because the client did not read).
    pub fn faults(&self, kind: &str) -> u64 {
        self.faults.get(kind).copied().unwrap_or(0)
    }

    /// Requests to all endpoints together.
    pub fn all_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Faults of all kinds together.
    pub fn all_faults(&self) -> u64 {
        self.faults.values().sum()
    }

    pub(crate) fn count_request(&mut self, endpoint: &'static str) {
        *self.requests.entry(endpoint).or_default() += 1;
    }

    pub(crate) fn count_fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }
}

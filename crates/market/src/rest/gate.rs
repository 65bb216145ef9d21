//! One gate for all requests to a server: a silence that one is told to keep, all keep.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Silence after a refusal that does not say for how long; each further one in a row doubles it.
const UNTOLD: Duration = Duration::from_secs(120);

/// The doubling ends here.
const UNTOLD_AT_MOST: Duration = Duration::from_secs(3600);

/// The gates of this process by host and port: what one client is told, every other keeps too.
static GATES: Mutex<BTreeMap<String, Arc<Gate>>> = Mutex::new(BTreeMap::new());

/// Lets requests pass unless the server has asked for silence.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    silent_until: Option<Instant>,
    /// Refusals in a row that named no end.
    untold: u32,
    /// The server's clock as it was last read, UTC milliseconds, and when.
    clock: Option<(i64, Instant)>,
}

impl Gate {
    /// The gate of a server, the same for all in this process.
    pub(super) fn of(authority: &str) -> Arc<Self> {
        GATES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(authority.to_owned())
            .or_default()
            .clone()
    }

    /// How long it stays closed from now on; None where it is open.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let until = self.state().silent_until?;
        until
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }

    /// Waits until it is open; the time left where that is more than `longest`.
    pub(super) async fn pass(&self, longest: Duration) -> Result<(), Duration> {
        while let Some(left) = self.closed_for() {
            if left > longest {
                return Err(left);
            }
            sleep_until(Instant::now() + left).await;
        }
        Ok(())
    }

    /// Lets nothing pass for `silence`.
    pub(super) fn close(&self, silence: Duration) {
        let until = Instant::now() + silence;
        let mut state = self.state();
        state.silent_until = state.silent_until.max(Some(until));
    }

    /// Lets nothing pass after a refusal that names no end; how long. Requests that were under way
    /// together count once.
    pub(super) fn close_untold(&self) -> Duration {
        if let Some(left) = self.closed_for() {
            return left;
        }
        let doublings = self.state().untold;
        self.state().untold = doublings.saturating_add(1);
        let silence = UNTOLD
            .saturating_mul(1 << doublings.min(16))
            .min(UNTOLD_AT_MOST);
        self.close(silence);
        silence
    }

    /// Notes an answer that is no refusal.
    pub(super) fn welcome(&self) {
        self.state().untold = 0;
    }

    /// Notes what the server's clock shows.
    pub(super) fn set_clock(&self, now_ms: i64) {
        self.state().clock = Some((now_ms, Instant::now()));
    }

    /// The server's clock, if it was ever read.
    pub(super) fn clock_ms(&self) -> Option<i64> {
        let (read_ms, at) = self.state().clock?;
        Some(read_ms.saturating_add(i64::try_from(at.elapsed().as_millis()).ok()?))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

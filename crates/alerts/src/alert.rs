//! What is told, and what came of it.

use std::sync::atomic::{AtomicU64, Ordering};

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// Candles do not come.
    Stale,
    /// The exchange, the ledger or the watch fails.
    Fault,
    /// The model forecasts nothing, or fails.
    Forecast,
    /// The check of the ledger found something wrong.
    Verification,
    /// A model does not load, or a promoted version is refused.
    Model,
    /// Features are far from those of training.
    Drift,
}

impl AlertKind {
    /// Name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Fault => "fault",
            Self::Forecast => "forecast",
            Self::Verification => "verification",
            Self::Model => "model",
            Self::Drift => "drift",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Stale => "stale data",
            Self::Fault => "fault",
            Self::Forecast => "no forecasts",
            Self::Verification => "the ledger is wrong",
            Self::Model => "model refused",
            Self::Drift => "drift",
        }
    }
}

/// Something that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// What tells it from others of its kind, such as a coin; empty where nothing does.
    pub subject: String,
    /// A sentence.
    pub text: String,
}

/// Alerts by what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Delivered.
    pub sent: u64,
    /// Given up after several tries, or refused.
    pub failed: u64,
    /// Left out, as there were too many.
    pub dropped: u64,
}

/// Counts that the thread and its owner share.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub sent: AtomicU64,
    pub failed: AtomicU64,
    pub dropped: AtomicU64,
}

impl Counts {
    /// What they are now.
    pub fn delivered(&self) -> Delivered {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Delivered {
            sent: count(&self.sent),
            failed: count(&self.failed),
            dropped: count(&self.dropped),
        }
    }
}

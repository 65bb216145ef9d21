//! Taking alerts without waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use crate::delivery::Delivery;
use crate::limiter::Limiter;
use crate::template::Message;
use crate::{AlertsConfig, Error};

/// Alerts that may wait for their delivery.
const QUEUE: usize = 64;

/// First pause before an alert is tried again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

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

    fn title(self) -> &'static str {
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
    dropped: AtomicU64,
}

/// Takes alerts, and delivers them from a thread of its own. Nothing waits for it.
#[derive(Debug)]
pub struct Alerts {
    queue: SyncSender<Message>,
    /// Closed once the thread has ended.
    ended: Receiver<()>,
    limiter: Limiter,
    counts: Arc<Counts>,
    source: String,
}

impl Alerts {
    /// Begins; `source` names what is watched in every message. None where the config has no address.
    ///
    /// # Errors
    /// A config that makes no sense; a system without another thread.
    pub fn start(config: &AlertsConfig, source: &str) -> Result<Option<Self>, Error> {
        Self::start_with(config, source, FIRST_PAUSE)
    }

    pub(crate) fn start_with(
        config: &AlertsConfig,
        source: &str,
        first_pause: Duration,
    ) -> Result<Option<Self>, Error> {
        config.validate()?;
        let Some(endpoint) = config.endpoint()? else {
            return Ok(None);
        };
        let (queue, messages) = sync_channel(QUEUE);
        let (end, ended) = sync_channel(1);
        let counts = Arc::new(Counts::default());
        let delivery = Delivery::new(endpoint, counts.clone(), first_pause)?;
        let thread = thread::Builder::new().name("alerts".to_owned());
        thread
            .spawn(move || {
                delivery.run(&messages);
                drop(end);
            })
            .map_err(|error| Error::Setup {
                reason: error.to_string(),
            })?;
        let repeat_ms = u64::try_from(config.repeat_after.ms()).unwrap_or(0);
        Ok(Some(Self {
            queue,
            ended,
            limiter: Limiter::new(Duration::from_millis(repeat_ms), config.most_an_hour),
            counts,
            source: source.to_owned(),
        }))
    }

    /// Hands an alert over, at once: it is left out, and counted, where there are too many.
    pub fn send(&mut self, alert: Alert) {
        let Alert {
            kind,
            subject,
            text,
        } = alert;
        let Some(left_out) = self.limiter.admit(kind, &subject, Instant::now()) else {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let message = Message {
            source: self.source.clone(),
            kind: kind.name(),
            title: kind.title(),
            subject,
            text,
            left_out,
        };
        if self.queue.try_send(message).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What came of the alerts so far.
    pub fn delivered(&self) -> Delivered {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Delivered {
            sent: count(&self.counts.sent),
            failed: count(&self.counts.failed),
            dropped: count(&self.counts.dropped),
        }
    }

    /// Waits for at most `patience` until all alerts that were taken are delivered or given up.
    pub fn finish(self, patience: Duration) -> Delivered {
        let Self {
            queue,
            ended,
            counts,
            ..
        } = self;
        drop(queue);
        // The channel is closed when the thread ends; nothing is ever sent by it.
        if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(patience) {
            warn!("alerts are still on their way, and are given up");
        }
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Delivered {
            sent: count(&counts.sent),
            failed: count(&counts.failed),
            dropped: count(&counts.dropped),
        }
    }
}

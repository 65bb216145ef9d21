//! Taking alerts without waiting.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use crate::alert::{Alert, Counts, Delivered};
use crate::delivery::Delivery;
use crate::limiter::Limiter;
use crate::template::Message;
use crate::{AlertsConfig, Error};

/// Alerts that may wait for their delivery.
pub(crate) const QUEUE: usize = 128;

/// First pause before an alert is tried again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Takes alerts, and delivers them from a thread of its own. Nothing waits for it.
#[derive(Debug)]
pub struct Alerts {
    queue: SyncSender<Message>,
    /// Closed once the thread has ended.
    ended: Receiver<()>,
    limiter: Arc<Mutex<Limiter>>,
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
        let repeat_ms = u64::try_from(config.repeat_after.ms()).unwrap_or(0);
        let limiter = Limiter::new(Duration::from_millis(repeat_ms), config.most_an_hour);
        let limiter = Arc::new(Mutex::new(limiter));
        let shared = (counts.clone(), limiter.clone());
        let delivery = Delivery::new(endpoint, shared, first_pause)?;
        let thread = thread::Builder::new().name("alerts".to_owned());
        thread
            .spawn(move || {
                delivery.run(&messages);
                drop(end);
            })
            .map_err(|error| Error::Setup {
                reason: error.to_string(),
            })?;
        Ok(Some(Self {
            queue,
            ended,
            limiter,
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
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(admission) = limiter.admit(kind, &subject, Instant::now()) else {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let message = Message {
            source: self.source.clone(),
            kind,
            subject,
            text,
            admission,
        };
        if let Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) =
            self.queue.try_send(message)
        {
            limiter.give_back(kind, &message.subject, admission, Instant::now());
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What came of the alerts so far.
    pub fn delivered(&self) -> Delivered {
        self.counts.delivered()
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
        if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(patience) {
            warn!("alerts are still on their way, and are given up");
        }
        counts.delivered()
    }
}

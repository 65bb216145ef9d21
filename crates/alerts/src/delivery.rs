//! Posting alerts, with patience.

use std::error::Error as _;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, redirect};
use tokio::runtime::{Builder, Runtime};
use tracing::warn;

use crate::Error;
use crate::alert::Counts;
use crate::endpoint::Endpoint;
use crate::limiter::Limiter;
use crate::template::Message;

/// Tries of an alert.
const TRIES: usize = 5;

/// How long one may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest pause that a service may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is sent with, in a thread of its own.
pub(crate) struct Delivery {
    endpoint: Endpoint,
    client: Client,
    runtime: Runtime,
    counts: Arc<Counts>,
    limiter: Arc<Mutex<Limiter>>,
    first_pause: Duration,
}

/// What came of one try. No reason holds the address.
enum Outcome {
    Delivered,
    Refused(String),
    /// It may go better later: after this time, where the service says so.
    Failed(String, Option<Duration>),
}

impl Delivery {
    pub fn new(
        endpoint: Endpoint,
        (counts, limiter): (Arc<Counts>, Arc<Mutex<Limiter>>),
        first_pause: Duration,
    ) -> Result<Self, Error> {
        let setup = |reason: String| Error::Setup { reason };
        let mut client = Client::builder()
            // The address is not given on.
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(TIMEOUT)
            .user_agent(concat!("quarterhour/", env!("CARGO_PKG_VERSION")));
        if endpoint.is_local() {
            client = client.no_proxy();
        }
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            endpoint,
            client: client.build().map_err(|error| setup(reason(error)))?,
            runtime: runtime.map_err(|error| setup(error.to_string()))?,
            counts,
            limiter,
            first_pause,
        })
    }

    /// Delivers one message after the other until the queue is closed.
    pub fn run(self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            let result = self.runtime.block_on(self.deliver(&message));
            let count = match &result {
                Ok(()) => &self.counts.sent,
                Err(_) => &self.counts.failed,
            };
            if let Err(reason) = &result {
                let kind = message.kind;
                warn!(kind = kind.name(), "an alert was not delivered: {reason}");
                let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
                limiter.give_back(kind, &message.subject, message.admission, Instant::now());
            }
            count.fetch_add(1, Ordering::Relaxed);
        }
        // A look-up of the server's name may still hang.
        self.runtime.shutdown_background();
    }

    async fn deliver(&self, message: &Message) -> Result<(), String> {
        let body = self.endpoint.body(message);
        let mut pause = self.first_pause;
        let mut said = String::new();
        for attempt in 1..=TRIES {
            let posted = self.client.post(self.endpoint.url.clone()).json(&body);
            match outcome(posted.send().await) {
                Outcome::Delivered => return Ok(()),
                Outcome::Refused(reason) => return Err(reason),
                Outcome::Failed(reason, wanted) => {
                    said = reason;
                    if attempt < TRIES {
                        let asked = wanted.unwrap_or_default().min(LONGEST_PAUSE);
                        tokio::time::sleep(pause.max(asked)).await;
                        pause *= 2;
                    }
                }
            }
        }
        Err(format!("{said}, in {TRIES} tries"))
    }
}

fn outcome(result: reqwest::Result<Response>) -> Outcome {
    let answer = match result {
        Ok(answer) => answer,
        Err(error) => return Outcome::Failed(reason(error), None),
    };
    let status = answer.status();
    let text = format!("the service answers with status {status}");
    if status.is_success() {
        return Outcome::Delivered;
    }
    if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        let secs = answer.headers().get(RETRY_AFTER);
        let secs = secs.and_then(|value| value.to_str().ok()?.parse().ok());
        return Outcome::Failed(text, secs.map(Duration::from_secs));
    }
    Outcome::Refused(text)
}

/// An error with its causes, without the address.
pub(crate) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    text
}

//! The exchange's clock, carried on by this machine's between two readings.

use std::time::{Duration, Instant};

use market::RestClient;

/// How long a reading is trusted: a quartz drifts by a few milliseconds in that time.
const READING_LASTS: Duration = Duration::from_secs(600);

/// The exchange's clock. The local time of day is never asked.
#[derive(Debug, Clone)]
pub struct ExchangeClock {
    read_ms: f64,
    read_at: Instant,
    speed: f64,
}

impl ExchangeClock {
    /// Asks the exchange what time it is. `speed` is 1 but in rehearsals.
    ///
    /// # Errors
    /// An exchange that does not answer.
    pub async fn read(client: &RestClient, speed: f64) -> Result<Self, market::Error> {
        let asked = Instant::now();
        let server_ms = client.server_time_ms().await?;
        // The answer was written about half-way.
        Ok(Self { read_ms: server_ms as f64, read_at: asked + asked.elapsed() / 2, speed })
    }

    /// Whether it should be read again.
    pub fn is_old(&self) -> bool {
        self.read_at.elapsed() > READING_LASTS
    }

    /// UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        (self.read_ms + self.read_at.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64
    }

    /// How long to sleep until it shows `time_ms`; zero when it does already.
    pub fn until(&self, time_ms: i64) -> Duration {
        self.real((time_ms - self.now_ms()) as f64)
    }

    /// How long a span of the exchange's milliseconds takes.
    pub fn real(&self, span_ms: f64) -> Duration {
        Duration::from_secs_f64((span_ms / 1000.0 / self.speed).clamp(0.0, 1e6))
    }
}

//! The exchange's clock, carried on by this machine's between two readings.

use std::time::{Duration, Instant};

use market::RestClient;

/// How long a reading is trusted: a quartz drifts by a few milliseconds in that time.
const READING_LASTS: Duration = Duration::from_secs(600);

/// How long an old reading is put up with after one that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// An answer that took longer than this was perhaps asked for more than once, and says little; so many are asked for.
const SLOW_ANSWER: Duration = Duration::from_secs(1);
const READING_TRIES: usize = 3;

/// How far, in real milliseconds, candles may close ahead of the clock: more than half an answer's way is off.
const SLOW_MS: f64 = 2000.0;

/// The exchange's clock. The local time of day is never asked.
#[derive(Debug, Clone)]
pub struct ExchangeClock {
    read_ms: f64,
    read_at: Instant,
    read_again_at: Instant,
    speed: f64,
}

impl ExchangeClock {
    /// Asks the exchange what time it is. `speed` is 1 but in rehearsals.
    ///
    /// # Errors
    /// An exchange that does not answer.
    pub async fn read(client: &RestClient, speed: f64) -> Result<Self, market::Error> {
        let mut tries = 0;
        let (server_ms, read_at) = loop {
            let asked = Instant::now();
            let server_ms = client.server_time_ms().await?;
            let took = asked.elapsed();
            tries += 1;
            if took < SLOW_ANSWER || tries == READING_TRIES {
                // The answer was written about half-way.
                break (server_ms, asked + took / 2);
            }
        };
        Ok(Self { read_ms: server_ms as f64, read_at, read_again_at: read_at + READING_LASTS, speed })
    }

    /// Whether it should be read again.
    pub fn is_old(&self) -> bool {
        Instant::now() >= self.read_again_at
    }

    /// Puts up with the reading for a while, as another one has just failed.
    pub fn keep_for_now(&mut self) {
        self.read_again_at = Instant::now() + PAUSE_AFTER_FAILURE;
    }

    /// Whether a candle that has closed at `close_ms` proves the clock slow: while this machine sleeps, the reading is
    /// not carried on.
    pub fn is_behind(&self, close_ms: i64) -> bool {
        (close_ms - self.now_ms()) as f64 > SLOW_MS * self.speed
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_slept_is_found_out() {
        let now = Instant::now();
        let clock = ExchangeClock { read_ms: 1e12, read_at: now, read_again_at: now + READING_LASTS, speed: 1.0 };
        assert!(!clock.is_old() && !clock.is_behind(1_000_000_001_000));
        assert!(clock.is_behind(1_000_003_600_000));
        let mut clock = ExchangeClock { read_again_at: now, ..clock };
        assert!(clock.is_old());
        clock.keep_for_now();
        assert!(!clock.is_old());
    }
}

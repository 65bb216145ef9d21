//! The pretend exchange's clock.

use std::time::{Duration, Instant};

const MINUTE_MS: i64 = 60_000;

/// The longest single wait: a clock that stands never gets there.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// A clock that began at a chosen time and runs at a chosen speed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start_ms: i64,
    began: Instant,
    speed: f64,
}

impl Clock {
    /// `speed`: seconds of exchange time in one of real time.
    pub fn new(start_ms: i64, speed: f64) -> Self {
        Self {
            start_ms,
            began: Instant::now(),
            speed,
        }
    }

    /// UTC ms of exchange time.
    pub fn now_ms(&self) -> i64 {
        self.start_ms
            .saturating_add((self.began.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64)
    }

    /// How much real time is left until the clock shows `time_ms`, at most an hour.
    pub fn wait_until(&self, time_ms: i64) -> Duration {
        let left_ms = time_ms.saturating_sub(self.now_ms());
        if left_ms <= 0 {
            return Duration::ZERO;
        }
        // Infinite where the clock stands.
        let left_secs = left_ms as f64 / 1000.0 / self.speed;
        Duration::try_from_secs_f64(left_secs)
            .unwrap_or(LONGEST_WAIT)
            .min(LONGEST_WAIT)
    }

    /// The minute by which request weight is counted, and how many seconds are left of it.
    ///
    /// It is a minute of real time, whatever the speed, because it protects a server from real
    /// requests. At speed 1 it is the clock's own minute.
    pub fn weight_minute(&self) -> (i64, u64) {
        let real_ms = self
            .began
            .elapsed()
            .as_millis()
            .try_into()
            .unwrap_or(i64::MAX);
        let at_ms = self.start_ms.saturating_add(real_ms);
        let left_ms = MINUTE_MS - at_ms.rem_euclid(MINUTE_MS);
        (
            at_ms.div_euclid(MINUTE_MS),
            left_ms.unsigned_abs().div_ceil(1000),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_stands() {
        let clock = Clock::new(1_617_321_600_000, 0.0);
        assert_eq!(clock.now_ms(), 1_617_321_600_000);
        assert!(clock.wait_until(1_617_321_600_001) >= LONGEST_WAIT);
        assert_eq!(clock.wait_until(0), Duration::ZERO);
    }

    #[test]
    fn a_fast_clock_waits_less() {
        let clock = Clock::new(0, 240.0);
        let wait = clock.wait_until(60_000);
        assert!(wait <= Duration::from_millis(250), "{wait:?}");
        let (minute, left_secs) = clock.weight_minute();
        assert!(minute >= 0 && (1..=60).contains(&left_secs));
    }
}

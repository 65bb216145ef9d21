//! Which alerts are sent, so that a bad night does not fill a phone.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::alert::AlertKind;

const HOUR: Duration = Duration::from_secs(3600);

/// Lets the same alert through once in a while, and so many of all kinds an hour.
#[derive(Debug)]
pub(crate) struct Limiter {
    repeat_after: Duration,
    most_an_hour: usize,
    /// When each alert was last let through, by kind and what it is about.
    last: BTreeMap<(AlertKind, String), Instant>,
    /// When the last ones were let through, oldest first.
    recent: VecDeque<Instant>,
    /// Alerts that were left out since the last that was let through.
    left_out: u64,
}

impl Limiter {
    pub fn new(repeat_after: Duration, most_an_hour: usize) -> Self {
        Self {
            repeat_after,
            most_an_hour,
            last: BTreeMap::new(),
            recent: VecDeque::new(),
            left_out: 0,
        }
    }

    /// Whether an alert is sent: the number of those that were left out since the last one.
    pub fn admit(&mut self, kind: AlertKind, subject: &str, now: Instant) -> Option<u64> {
        let is_over = |since: &Instant, time: Duration| now.duration_since(*since) >= time;
        while self.recent.front().is_some_and(|at| is_over(at, HOUR)) {
            self.recent.pop_front();
        }
        let key = (kind, subject.to_owned());
        let is_repeated = (self.last.get(&key)).is_some_and(|at| !is_over(at, self.repeat_after));
        if is_repeated || self.recent.len() >= self.most_an_hour {
            self.left_out += 1;
            return None;
        }
        self.last.insert(key, now);
        self.recent.push_back(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_alert_comes_once_in_a_while_and_an_hour_has_only_so_many() {
        let mut limiter = Limiter::new(Duration::from_secs(600), 3);
        let start = Instant::now();
        let mut admit = |subject: &str, secs: u64| {
            limiter.admit(AlertKind::Drift, subject, start + Duration::from_secs(secs))
        };
        assert_eq!(admit("BTCUSDT", 0), Some(0));
        assert_eq!(admit("BTCUSDT", 599), None);
        assert_eq!(admit("ETHUSDT", 599), Some(1), "another coin, one left out");
        assert_eq!(admit("BTCUSDT", 600), Some(0));
        assert_eq!(admit("SOLUSDT", 601), None, "three in this hour");
        assert_eq!(admit("SOLUSDT", 3600), Some(1));
    }
}

//! Which alerts are sent, so that a bad night does not fill a phone.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::alert::AlertKind;

const HOUR: Duration = Duration::from_secs(3600);

/// How long an alert that was given up is left out: a service that is down is not asked at every bar.
const RETRY_AFTER: Duration = Duration::from_secs(300);

/// Lets the same alert through once in a while, and so many of a kind an hour: a kind that comes often
/// keeps no other one out.
#[derive(Debug)]
pub(crate) struct Limiter {
    repeat_after: Duration,
    most_an_hour: usize,
    /// When each alert may be let through again, by kind and what it is about.
    next: BTreeMap<(AlertKind, String), Instant>,
    /// When the last ones of each kind were let through, oldest first.
    recent: BTreeMap<AlertKind, VecDeque<Instant>>,
    /// Alerts that nobody got since the last that was let through.
    left_out: u64,
}

/// That an alert is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admission {
    /// When it was let through.
    pub at: Instant,
    /// Alerts that nobody got since the last one.
    pub left_out: u64,
}

impl Limiter {
    pub fn new(repeat_after: Duration, most_an_hour: usize) -> Self {
        Self {
            repeat_after,
            most_an_hour,
            next: BTreeMap::new(),
            recent: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// Whether an alert is sent.
    pub fn admit(&mut self, kind: AlertKind, subject: &str, now: Instant) -> Option<Admission> {
        self.next.retain(|_, next| *next > now);
        let recent = self.recent.entry(kind).or_default();
        while recent
            .front()
            .is_some_and(|at| now.duration_since(*at) >= HOUR)
        {
            recent.pop_front();
        }
        let key = (kind, subject.to_owned());
        if self.next.contains_key(&key) || recent.len() >= self.most_an_hour {
            self.left_out += 1;
            return None;
        }
        recent.push_back(now);
        self.next.insert(key, now + self.repeat_after);
        let left_out = std::mem::take(&mut self.left_out);
        Some(Admission { at: now, left_out })
    }

    /// Notes that an alert which was let through reached nobody: it takes no place of its hour, and may come
    /// again soon.
    pub fn give_back(
        &mut self,
        kind: AlertKind,
        subject: &str,
        admission: Admission,
        now: Instant,
    ) {
        if let Some(recent) = self.recent.get_mut(&kind)
            && let Some(place) = recent.iter().position(|at| *at == admission.at)
        {
            recent.remove(place);
        }
        let pause = RETRY_AFTER.min(self.repeat_after);
        self.next.insert((kind, subject.to_owned()), now + pause);
        self.left_out += admission.left_out + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(admission: Option<Admission>) -> Option<u64> {
        admission.map(|admission| admission.left_out)
    }

    #[test]
    fn the_same_alert_comes_once_in_a_while_and_an_hour_has_only_so_many() {
        let mut limiter = Limiter::new(Duration::from_secs(600), 3);
        let start = Instant::now();
        let mut admit = |subject: &str, secs: u64| {
            let now = start + Duration::from_secs(secs);
            left_out(limiter.admit(AlertKind::Drift, subject, now))
        };
        assert_eq!(admit("BTCUSDT", 0), Some(0));
        assert_eq!(admit("BTCUSDT", 599), None);
        assert_eq!(admit("ETHUSDT", 599), Some(1), "another coin, one left out");
        assert_eq!(admit("BTCUSDT", 600), Some(0));
        assert_eq!(admit("SOLUSDT", 601), None, "three in this hour");
        assert_eq!(admit("SOLUSDT", 3600), Some(1));
    }

    /// Twelve coins that drift once kept out that the ledger is wrong.
    #[test]
    fn a_kind_that_comes_often_keeps_no_other_out() {
        let mut limiter = Limiter::new(Duration::from_secs(3600), 3);
        let now = Instant::now();
        let mut admit = |kind, subject: &str| left_out(limiter.admit(kind, subject, now));
        for coin in ["a", "b", "c"] {
            assert_eq!(admit(AlertKind::Drift, coin), Some(0));
        }
        assert_eq!(admit(AlertKind::Drift, "d"), None);
        assert_eq!(admit(AlertKind::Verification, ""), Some(1));
        assert_eq!(admit(AlertKind::Stale, ""), Some(0));
    }

    /// While a service is down for minutes, what it did not take once was left out for an hour.
    #[test]
    fn an_alert_that_was_given_up_comes_again_and_takes_no_place() {
        let mut limiter = Limiter::new(Duration::from_secs(3600), 1);
        let start = Instant::now();
        let at = |secs: u64| start + Duration::from_secs(secs);
        let stale = (AlertKind::Stale, "");
        let first = limiter.admit(stale.0, stale.1, at(0)).unwrap();
        assert_eq!(limiter.admit(stale.0, stale.1, at(10)), None, "on its way");
        limiter.give_back(stale.0, stale.1, first, at(20));
        assert_eq!(limiter.admit(stale.0, stale.1, at(319)), None);
        // The one that was given up, and the two that were left out.
        let second = limiter.admit(stale.0, stale.1, at(320)).unwrap();
        assert_eq!(second.left_out, 3);
        assert_eq!(limiter.admit(stale.0, stale.1, at(3000)), None, "delivered");
        // What was given up says again what it had to say.
        limiter.give_back(stale.0, stale.1, second, at(330));
        assert_eq!(
            left_out(limiter.admit(AlertKind::Fault, "", at(331))),
            Some(5)
        );
    }
}

//! People who have logged in, and those who tried.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use storage::content_hash;

use crate::network::owner;

/// How long a session lasts.
pub const SESSION_SECS: i64 = 12 * 3600;

/// Most sessions at a time; the oldest ends first.
const MOST_SESSIONS: usize = 64;

/// Wrong tokens that an address may send in a minute, or a network of IPv6.
const MOST_FAILURES: u32 = 10;

const MINUTE_MS: i64 = 60_000;

/// Most addresses whose failures are counted; beyond that all count as one.
const MOST_ADDRESSES: usize = 1024;

/// Sessions and failures of this process.
#[derive(Debug, Default)]
pub struct Sessions {
    /// When each ends, by the SHA-256 of what its cookie holds.
    open: Mutex<HashMap<String, i64>>,
    /// The minute in which failures are counted, and how many each address has; None stands for all addresses
    /// beyond those that are counted one by one.
    failures: Mutex<(i64, HashMap<Option<IpAddr>, u32>)>,
}

impl Sessions {
    /// Begins a session; returns what its cookie holds.
    pub fn begin(&self, now_ms: i64) -> String {
        let secret = HEXLOWER.encode(&rand::random::<[u8; 32]>());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, ends_ms| *ends_ms > now_ms);
        if open.len() >= MOST_SESSIONS {
            let oldest = open
                .iter()
                .min_by_key(|(_, ends_ms)| **ends_ms)
                .map(|(key, _)| key.clone());
            oldest.and_then(|key| open.remove(&key));
        }
        open.insert(
            content_hash(secret.as_bytes()),
            now_ms + SESSION_SECS * 1000,
        );
        secret
    }

    /// Returns true for the cookie of a session that has not ended.
    pub fn is_open(&self, secret: &str, now_ms: i64) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&content_hash(secret.as_bytes()))
            .is_some_and(|ends_ms| *ends_ms > now_ms)
    }

    /// Ends a session.
    pub fn end(&self, secret: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&content_hash(secret.as_bytes()));
    }

    /// Counts a wrong token.
    pub fn fail(&self, address: IpAddr, now_ms: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, minute) = (Some(owner(address)), now_ms.div_euclid(MINUTE_MS));
        if failures.0 != minute {
            *failures = (minute, HashMap::new());
        }
        let is_full = failures.1.len() >= MOST_ADDRESSES && !failures.1.contains_key(&address);
        let counted = address.filter(|_| !is_full);
        *failures.1.entry(counted).or_default() += 1;
    }

    /// Returns true for an address that has sent too many wrong tokens in this minute.
    pub fn is_barred(&self, address: IpAddr, now_ms: i64) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let own = failures.1.get(&Some(owner(address)));
        // One that is counted by itself has no part in the others' failures.
        let counted = own.or_else(|| failures.1.get(&None));
        failures.0 == now_ms.div_euclid(MINUTE_MS)
            && counted.is_some_and(|count| *count >= MOST_FAILURES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_and_wrong_tokens_bar_an_address_for_the_minute() {
        let sessions = Sessions::default();
        let secret = sessions.begin(0);
        assert!(sessions.is_open(&secret, SESSION_SECS * 1000 - 1));
        assert!(!sessions.is_open(&secret, SESSION_SECS * 1000));
        assert!(!sessions.is_open("", 0));
        let (one, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..MOST_FAILURES {
            assert!(!sessions.is_barred(one, 5));
            sessions.fail(one, 5);
        }
        assert!(sessions.is_barred(one, 5) && !sessions.is_barred(other, 5));
        assert!(!sessions.is_barred(one, 5 + MINUTE_MS));
        // No address stands for the others.
        for _ in 0..MOST_FAILURES {
            sessions.fail([0, 0, 0, 0].into(), 5);
        }
        assert!(!sessions.is_barred(other, 5));
    }

    #[test]
    fn neither_sessions_nor_addresses_grow_without_end() {
        let sessions = Sessions::default();
        let first = sessions.begin(0);
        for now_ms in 1..=MOST_SESSIONS as i64 {
            sessions.begin(now_ms);
        }
        assert!(!sessions.is_open(&first, 100));
        for number in 0..5000_u32 {
            sessions.fail(IpAddr::V4(number.to_be_bytes().into()), 5);
        }
        assert!(sessions.failures.lock().unwrap().1.len() <= MOST_ADDRESSES + 1);
        assert!(sessions.is_barred([10, 9, 8, 7].into(), 5));
    }
}

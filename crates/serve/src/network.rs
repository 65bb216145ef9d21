//! Ranges of addresses, and what a trusted proxy says of where a request comes from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// A range of addresses, such as `172.16.0.0/12`; without a length it is one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Number of leading bits that its addresses share.
    length: u32,
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidNetwork(String);

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}`, expected an address such as 127.0.0.1, or a range such as 172.16.0.0/12",
            self.0
        )
    }
}

impl std::error::Error for InvalidNetwork {}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, length) = match text.split_once('/') {
            None => (text, None),
            Some((address, length)) => (address, Some(length)),
        };
        let written: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits = |address: IpAddr| if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(bits(written)), str::parse);
        let length: u32 = length.map_err(|_| invalid())?;
        // An address of IPv4 that is written as one of IPv6 is one of IPv4, as those of requests are.
        let address = written.to_canonical();
        let mapped = bits(written) - bits(address);
        match length.checked_sub(mapped) {
            Some(length) if length <= bits(address) => Ok(Self { address, length }),
            _ => Err(invalid()),
        }
    }
}

impl Network {
    /// Returns true for an address of the range.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.length
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.length
            }
            _ => false,
        }
    }
}

/// Where a request comes from: `peer`, or where that is a trusted proxy the last address of
/// `X-Forwarded-For` that is none. What stands before that address may be the sender's own invention.
pub fn client<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[Network],
) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    let mut client = peer;
    let mut steps = forwarded.flat_map(|line| line.split(',')).rev();
    while is_trusted(client) {
        let Some(before) = steps.next().and_then(address) else {
            break;
        };
        client = before;
    }
    client.to_canonical()
}

/// An address of `X-Forwarded-For`; some proxies write its port, too.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse().map(|found: SocketAddr| found.ip());
    text.parse().or_else(|_| with_port()).ok()
}

/// The part of an address that stands for its owner: a network of IPv6 has 64 bits.
pub fn owner(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_what_begins_like_it() {
        let holds = |range: &str, address: &str| {
            let range: Network = range.parse().unwrap();
            range.holds(ip(address))
        };
        assert!(holds("172.16.0.0/12", "172.31.255.255"));
        assert!(!holds("172.16.0.0/12", "172.32.0.0"));
        assert!(holds("10.0.0.7", "10.0.0.7") && !holds("10.0.0.7", "10.0.0.6"));
        assert!(holds("10.0.0.7", "::ffff:10.0.0.7"));
        assert!(holds("::ffff:10.0.0.7", "10.0.0.7") && !holds("::ffff:10.0.0.7", "10.0.0.6"));
        assert!(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "fe80::1"));
        for wrong in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "::/129",
            "10.0.0/8",
            "::ffff:10.0.0.0/8",
        ] {
            let refused = wrong.parse::<Network>().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("`{wrong}`, expected")));
        }
    }

    #[test]
    fn a_trusted_proxy_says_who_asks_and_nobody_else() {
        let trusted = ["127.0.0.1", "10.0.0.0/8"].map(|text| text.parse().unwrap());
        let from = |peer: &str, forwarded: &[&str]| {
            let lines = forwarded.iter().copied();
            client(ip(peer), lines, &trusted).to_string()
        };
        assert_eq!(from("127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        // What a client sent itself stands before what the proxy has seen.
        let forged = ["198.51.100.1, 127.0.0.1", "203.0.113.9, 10.1.2.3"];
        assert_eq!(from("127.0.0.1", &forged), "203.0.113.9");
        assert_eq!(from("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(from("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &["198.51.100.1, unknown"]), "127.0.0.1");
        assert_eq!(
            from("::ffff:127.0.0.1", &["[2001:db8::7]:4711"]),
            "2001:db8::7"
        );
        assert_eq!(from("10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
    }

    #[test]
    fn a_network_of_ipv6_is_one_owner() {
        assert_eq!(owner(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(owner(ip("203.0.113.9")), ip("203.0.113.9"));
        assert_eq!(owner(ip("::ffff:203.0.113.9")), ip("203.0.113.9"));
    }
}

//! How patient and how polite the client is.

use std::time::Duration;

use crate::Market;

/// How patient and how polite a [`RestClient`](crate::RestClient) is.
#[derive(Debug, Clone, PartialEq)]
pub struct RestOptions {
    /// Longest time one try may take, body included.
    pub timeout: Duration,
    /// How often one request is tried before its error is final; at least 1.
    pub max_tries: u32,
    /// Longest silence (`Retry-After`) that is waited for; a longer one is an error.
    pub max_wait: Duration,
    /// Pause after the first failed try; it doubles with each further one.
    pub retry_pause: Duration,
    /// Request weight the server allows a minute; above 90 % of it the client waits for the next
    /// minute.
    pub weight_limit: u32,
    /// How many symbols are fetched at once; at least 1.
    pub concurrency: usize,
}

impl RestOptions {
    /// The options that suit `market`.
    pub fn for_market(market: Market) -> Self {
        Self {
            // A page of 1000 candles is 180 kB: seconds even on a poor line.
            timeout: Duration::from_secs(10),
            max_tries: 4,
            // Two windows of the server's one-minute accounting.
            max_wait: Duration::from_secs(120),
            retry_pause: Duration::from_millis(500),
            // REQUEST_WEIGHT a minute in each market's exchangeInfo.
            weight_limit: match market {
                Market::Spot => 6000,
                Market::Futures => 2400,
            },
            // All of a usual universe at once.
            concurrency: 24,
        }
    }

    /// The options of someone who has time: a download of hours that should outlive a restart of
    /// the server, a weak line and a ban of minutes.
    pub fn patient(market: Market) -> Self {
        Self {
            // A month of minutes is 3 MB: 5 kB a second will do.
            timeout: Duration::from_secs(600),
            // With the doubling pause, a minute of failures.
            max_tries: 8,
            max_wait: Duration::from_secs(900),
            ..Self::for_market(market)
        }
    }
}

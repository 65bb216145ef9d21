//! The `[replay]` section: the pretend exchange's clock and its faults.

use std::collections::BTreeMap;

use anyhow::anyhow;
use cli::WithHint;
use dataset::parse_time;
use market::Symbol;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[replay]` section: the clock of the pretend exchange, and what goes wrong there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReplayConfig {
    /// Port on 127.0.0.1; 0 takes any free one, as with every server.
    pub port: u16,
    /// Where the clock starts, in UTC, such as `2021-05-03`. Without it the clock starts at the
    /// first candle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "date")]
    pub start: Option<String>,
    /// Seconds of the exchange's time that pass in one second of real time: 240 makes a minute last
    /// 250 ms, and 0 makes the clock stand still.
    pub speed: f64,
    /// Seed of everything that happens by chance.
    pub seed: u64,
    /// Request weight that is allowed in a minute of real time. Without it that is the real
    /// exchange's, 6000 on the spot market and 2400 for futures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_limit: Option<u32>,
    /// What goes wrong, and how often; by default nothing does.
    ///
    /// A share is a number from 0 to 1. Holes, late candles and unsent messages are drawn from the
    /// seed, the symbol and the time, so that they are the same ones in every run and for every
    /// client; all other faults are drawn request by request.
    pub faults: Faults,
}

impl Default for ReplayConfig {
    fn default() -> Self {
        Self {
            port: 0,
            start: None,
            speed: 1.0,
            seed: 1,
            weight_limit: None,
            faults: Faults::default(),
        }
    }
}

/// The `[replay.faults]` section: what goes wrong, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Share of REST requests that are answered with status 429 and `Retry-After`.
    pub rate_limited: f64,
    /// Share of REST requests that are answered with status 418 and `Retry-After`.
    pub banned: f64,
    /// `Retry-After` of both, in seconds of real time.
    pub retry_after_secs: u64,
    /// Whether every REST and websocket request is answered with status 451: not served in this
    /// country.
    pub country_blocked: bool,
    /// Share of REST requests that are answered with status 403, by the firewall.
    pub forbidden: f64,
    /// Share of REST and archive requests that are answered with status 500, 502 or 503.
    pub server_error: f64,
    /// Share of REST and archive requests that are answered late.
    pub slow: f64,
    /// How late those are answered, in milliseconds of real time.
    pub slow_ms: u64,
    /// Share of REST and archive answers that are cut off half-way: fewer bytes come than
    /// `Content-Length` promises.
    pub cut: f64,
    /// Share of klines answers that lack their last 1 to 4 candles, as from a cache that lags
    /// behind.
    pub stale: f64,
    /// Share of candles that are not shown, on REST or websocket, until `late_ms` after their
    /// close.
    pub late: f64,
    /// How long after their close those are shown, in milliseconds of the exchange's time.
    pub late_ms: u64,
    /// Probability that a websocket connection is dropped, per minute of the exchange's time.
    pub drop_socket: f64,
    /// Share of candles whose closing message no websocket connection gets.
    pub silent_socket: f64,
    /// Share of candles that never exist anywhere.
    pub hole_share: f64,
    /// Spans `[from, until]` of the exchange's time in which REST and websocket requests get status
    /// 503 and open websocket connections are dropped. The candles of an outage are there after it.
    pub outages: Vec<[String; 2]>,
    /// When a coin is listed, by the coin's name. Before that it is unknown and has no candles. A
    /// coin without an entry is listed at its first candle.
    pub listed: BTreeMap<Symbol, String>,
    /// When a coin is delisted, by the coin's name. It has no candles from then on, and
    /// `exchangeInfo` says `BREAK` of it.
    pub delisted: BTreeMap<Symbol, String>,
    /// Candles, by coin and open time, that are served with every price 0.
    pub impossible: BTreeMap<Symbol, Vec<String>>,
    /// For so many milliseconds of the exchange's time after its close, REST serves a candle with
    /// values that are not its last ones, and no later candle.
    pub provisional_ms: u64,
    /// How many answers of `/time`, from the first on, are eight minutes ahead.
    pub wrong_times: u64,
    /// Milliseconds by which `/time`, the `Date` header and a websocket event's `E` are ahead of
    /// the clock by which candles close. A positive number makes a client that trusts them ask for
    /// candles that are still forming; a negative one makes it wait longer than it must.
    pub clock_skew_ms: i64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            rate_limited: 0.0,
            banned: 0.0,
            retry_after_secs: 1,
            country_blocked: false,
            forbidden: 0.0,
            server_error: 0.0,
            slow: 0.0,
            slow_ms: 0,
            cut: 0.0,
            stale: 0.0,
            late: 0.0,
            late_ms: 0,
            drop_socket: 0.0,
            silent_socket: 0.0,
            hole_share: 0.0,
            outages: Vec::new(),
            listed: BTreeMap::new(),
            delisted: BTreeMap::new(),
            impossible: BTreeMap::new(),
            provisional_ms: 0,
            wrong_times: 0,
            clock_skew_ms: 0,
        }
    }
}

/// The times of a config that passed every check, in UTC ms.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ReplaySchedule {
    pub start_ms: Option<i64>,
    /// `from_ms..until_ms`
    pub outages: Vec<(i64, i64)>,
    pub listed_ms: BTreeMap<Symbol, i64>,
    pub delisted_ms: BTreeMap<Symbol, i64>,
    pub impossible_ms: BTreeMap<Symbol, Vec<i64>>,
}

/// 115 days in a second: faster than any client can follow.
const MOST_SPEED: f64 = 1e7;

/// A late candle later than a day would be a hole.
const LATEST_MS: u64 = 86_400_000;

impl ReplayConfig {
    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// A usage error with the key, the value found and what is expected.
    pub fn validate(&self) -> anyhow::Result<()> {
        self.schedule().map(|_| ())
    }

    /// Checks every value and reads the times.
    #[expect(clippy::too_many_lines, reason = "one entry a key")]
    pub(crate) fn schedule(&self) -> anyhow::Result<ReplaySchedule> {
        let faults = &self.faults;
        if !(0.0..=MOST_SPEED).contains(&self.speed) {
            let expected =
                format!("seconds of exchange time in one of real time, 0 to {MOST_SPEED}");
            return Err(refused("speed", self.speed, &expected));
        }
        let shares = [
            ("faults.rate_limited", faults.rate_limited),
            ("faults.banned", faults.banned),
            ("faults.forbidden", faults.forbidden),
            ("faults.server_error", faults.server_error),
            ("faults.slow", faults.slow),
            ("faults.cut", faults.cut),
            ("faults.stale", faults.stale),
            ("faults.late", faults.late),
            ("faults.drop_socket", faults.drop_socket),
            ("faults.silent_socket", faults.silent_socket),
            ("faults.hole_share", faults.hole_share),
        ];
        if let Some((key, share)) = shares
            .into_iter()
            .find(|(_, share)| !(0.0..=1.0).contains(share))
        {
            return Err(refused(key, share, "a share from 0 to 1"));
        }
        let refusals = faults.rate_limited + faults.banned + faults.forbidden + faults.server_error;
        if refusals > 1.0 {
            return Err(refused(
                "faults.rate_limited + banned + forbidden + server_error",
                refusals,
                "at most 1 together: a request gets one answer",
            ));
        }
        if faults.slow > 0.0 && faults.slow_ms == 0 {
            return Err(refused(
                "faults.slow_ms",
                0,
                "how late slow answers come, in ms, where faults.slow is above 0",
            ));
        }
        if faults.slow_ms > LATEST_MS {
            let expected = format!("at most a day, 0 to {LATEST_MS} ms");
            return Err(refused("faults.slow_ms", faults.slow_ms, &expected));
        }
        if faults.retry_after_secs > LATEST_MS / 1000 {
            let expected = format!("at most a day, 0 to {} seconds", LATEST_MS / 1000);
            return Err(refused(
                "faults.retry_after_secs",
                faults.retry_after_secs,
                &expected,
            ));
        }
        if faults.late > 0.0 && faults.late_ms == 0 || faults.late_ms > LATEST_MS {
            let expected =
                format!("1 to {LATEST_MS} ms after the close, where faults.late is above 0");
            return Err(refused("faults.late_ms", faults.late_ms, &expected));
        }
        if faults.provisional_ms > LATEST_MS {
            return Err(refused(
                "faults.provisional_ms",
                faults.provisional_ms,
                &format!("at most a day, 0 to {LATEST_MS} ms"),
            ));
        }
        if faults.clock_skew_ms.unsigned_abs() > LATEST_MS {
            return Err(refused(
                "faults.clock_skew_ms",
                faults.clock_skew_ms,
                "at most a day either way, in ms",
            ));
        }
        let start_ms = self.start.as_deref().map(|text| time("start", text));
        let start_ms = start_ms.transpose()?;
        let mut outages = Vec::new();
        for [from, until] in &faults.outages {
            let span = (
                time("faults.outages", from)?,
                time("faults.outages", until)?,
            );
            if span.0 >= span.1 {
                return Err(refused(
                    "faults.outages",
                    format!("[{from}, {until}]"),
                    "a span that ends after it begins",
                ));
            }
            outages.push(span);
        }
        let mut listed_ms = BTreeMap::new();
        for (symbol, text) in &faults.listed {
            listed_ms.insert(symbol.clone(), time("faults.listed", text)?);
        }
        let mut delisted_ms = BTreeMap::new();
        for (symbol, text) in &faults.delisted {
            delisted_ms.insert(symbol.clone(), time("faults.delisted", text)?);
        }
        let mut impossible_ms = BTreeMap::new();
        for (symbol, texts) in &faults.impossible {
            let times = texts.iter().map(|text| time("faults.impossible", text));
            impossible_ms.insert(symbol.clone(), times.collect::<anyhow::Result<_>>()?);
        }
        Ok(ReplaySchedule {
            start_ms,
            outages,
            listed_ms,
            delisted_ms,
            impossible_ms,
        })
    }
}

fn time(key: &str, text: &str) -> anyhow::Result<i64> {
    parse_time(text).map_err(|_| {
        refused(
            key,
            text,
            "a time such as 2021-05-03 or 2021-05-03T12:30 (UTC)",
        )
    })
}

pub(crate) fn refused(key: &str, found: impl ToString, expected: &str) -> anyhow::Error {
    cli::usage(
        anyhow!(
            "`replay.{key}` is {}, expected {expected}",
            found.to_string()
        )
        .hint("correct it in the config file's section [replay], or with --set replay.KEY=VALUE"),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_no_faults_and_is_valid() {
        assert_eq!(
            ReplayConfig::default().schedule().unwrap(),
            ReplaySchedule::default()
        );
    }

    #[test]
    fn every_refusal_names_its_key() {
        let refusal = |change: fn(&mut ReplayConfig)| {
            let mut config = ReplayConfig::default();
            change(&mut config);
            let error = config.validate().unwrap_err();
            assert!(cli::is_usage(&error));
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let lines = [
            refusal(|config| config.speed = -1.0),
            refusal(|config| config.speed = f64::NAN),
            refusal(|config| config.speed = 1e300),
            refusal(|config| config.start = Some("soon".into())),
            refusal(|config| config.faults.stale = 1.5),
            refusal(|config| config.faults.late = f64::NAN),
            refusal(|config| (config.faults.banned, config.faults.forbidden) = (0.7, 0.7)),
            refusal(|config| config.faults.slow = 0.1),
            refusal(|config| config.faults.slow_ms = u64::MAX),
            refusal(|config| config.faults.retry_after_secs = u64::MAX),
            refusal(|config| config.faults.late = 0.1),
            refusal(|config| config.faults.late_ms = u64::MAX),
            refusal(|config| config.faults.provisional_ms = u64::MAX),
            refusal(|config| config.faults.clock_skew_ms = i64::MIN),
            refusal(|config| {
                config.faults.outages = vec![["2021-05-03".into(), "2021-05-02".into()]]
            }),
            refusal(|config| {
                config.faults.listed = [(Symbol::new("AUSDT").unwrap(), "?".to_owned())].into()
            }),
        ];
        insta::assert_snapshot!(lines.join("\n"));
    }
}

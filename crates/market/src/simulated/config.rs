//! What a simulated market is to look like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Interval};

/// What a simulated market is to look like. The same configuration always gives the same candles,
/// and more `minutes` or more `coins` only add to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatedConfig {
    /// Seed of the random numbers: which of the possible markets.
    pub seed: u64,
    /// How many coins, named `SIM1USDT`, `SIM2USDT` and so on. Six are enough to tell a common
    /// factor from the coins' own moves, and few enough to train on in minutes.
    pub coins: usize,
    /// Length of the market in minutes, holes included. The default is about three weeks, which
    /// make some folds of several days.
    pub minutes: usize,
    /// Open time of the first candle in milliseconds since 1970 (UTC), on the interval's grid. The
    /// default is 2024-01-01.
    pub start_ms: i64,
    /// Pearson correlation, over `signal_horizon_minutes`, of the best possible forecast with the
    /// return, from 0, which is a market that nobody can forecast, to 0.5. The default is far above
    /// any real market, so that a small network finds it in a minute.
    pub signal: f64,
    /// Minutes over which `signal` holds. The default is the horizon that this project forecasts.
    pub signal_horizon_minutes: u32,
    /// Half life, in minutes, of the average of past returns that prices revert against. The
    /// default is well inside a window of 512 minutes and well above the horizon of 15.
    pub half_life_minutes: f64,
    /// Share of single minutes that are missing, for each coin by itself. The default is about 15
    /// minutes of 30,000.
    pub missing_share: f64,
    /// In each span of so many minutes, at least 180, there is one outage of 20 to 90 minutes in
    /// which no coin has candles; `"off"` is a market without outages. The default makes two or
    /// three.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<usize>")]
    pub outage_every_minutes: Option<usize>,
}

impl Default for SimulatedConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            coins: 6,
            minutes: 30_000,
            // 2024-01-01T00:00:00Z, on every interval's grid.
            start_ms: 1_704_067_200_000,
            signal: 0.25,
            signal_horizon_minutes: 15,
            half_life_minutes: 25.0,
            missing_share: 0.0005,
            outage_every_minutes: Some(12_000),
        }
    }
}

/// Longest outage, minutes.
pub(super) const LONGEST_OUTAGE_MINUTES: usize = 90;
/// Shortest outage, minutes.
pub(super) const SHORTEST_OUTAGE_MINUTES: usize = 20;

impl SimulatedConfig {
    /// Checks every key; `interval` is that of the candles.
    ///
    /// # Errors
    /// [`Error::Simulated`] names the key, the value found and its range.
    pub fn check(&self, interval: Interval) -> Result<(), Error> {
        let whole_bars = interval.ms() / Interval::ONE_MINUTE.ms();
        expect(
            "coins",
            self.coins,
            (1..=1000).contains(&self.coins),
            "1 to 1000",
        )?;
        let minutes_range = usize::try_from(whole_bars).unwrap_or(usize::MAX)..=10_512_000;
        expect(
            "minutes",
            self.minutes,
            minutes_range.contains(&self.minutes),
            "at least one candle and at most 10512000 (20 years)",
        )?;
        expect(
            "start_ms",
            self.start_ms,
            (0..=4_102_444_800_000).contains(&self.start_ms) && self.start_ms % interval.ms() == 0,
            "a time from 1970 to 2100 on the interval's grid",
        )?;
        expect(
            "signal",
            self.signal,
            (0.0..=0.5).contains(&self.signal),
            "0 to 0.5",
        )?;
        expect(
            "signal_horizon_minutes",
            self.signal_horizon_minutes,
            (1..=1440).contains(&self.signal_horizon_minutes),
            "1 to 1440",
        )?;
        expect(
            "half_life_minutes",
            self.half_life_minutes,
            (1.0..=1440.0).contains(&self.half_life_minutes),
            "1 to 1440",
        )?;
        expect(
            "missing_share",
            self.missing_share,
            (0.0..=0.5).contains(&self.missing_share),
            "0 to 0.5",
        )?;
        let minutes = self.outage_every_minutes.unwrap_or(usize::MAX);
        expect(
            "outage_every_minutes",
            minutes,
            minutes >= 2 * LONGEST_OUTAGE_MINUTES,
            "at least 180, or \"off\"",
        )
    }
}

fn expect(
    key: &'static str,
    found: impl std::fmt::Display,
    is_right: bool,
    expected: &str,
) -> Result<(), Error> {
    if is_right {
        Ok(())
    } else {
        Err(simulated_error(key, found, expected))
    }
}

pub(super) fn simulated_error(
    key: &'static str,
    found: impl std::fmt::Display,
    expected: &str,
) -> Error {
    Error::Simulated {
        key,
        found: found.to_string(),
        expected: expected.to_owned(),
    }
}

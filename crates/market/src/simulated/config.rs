//! What a simulated market is to look like.

use serde::{Deserialize, Serialize};

use crate::{Error, Interval};

/// What a simulated market is to look like. The same configuration always gives the same candles,
/// and more `minutes` or more `coins` only add to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatedConfig {
    /// Which of the possible markets.
    pub seed: u64,
    /// How many coins, `SIM1USDT`, `SIM2USDT`, ...
    pub coins: usize,
    /// How many minutes, holes included.
    pub minutes: usize,
    /// Open time of the first candle, UTC milliseconds, on the interval's grid.
    pub start_ms: i64,
    /// Pearson correlation, over `signal_horizon_minutes`, of the best possible forecast with the
    /// return; 0 plants nothing.
    pub signal: f64,
    /// The horizon at which `signal` holds.
    pub signal_horizon_minutes: u32,
    /// Half life of the average of past returns that prices revert against, minutes.
    pub half_life_minutes: f64,
    /// Share of single minutes that are missing, for each coin by itself.
    pub missing_share: f64,
    /// In each span of so many minutes there is one outage of 20 to 90 minutes in which no coin
    /// has candles; 0 for none, else at least 180.
    pub outage_every_minutes: usize,
}

impl Default for SimulatedConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            // Enough for a common factor to be told from the coins' own moves, few enough to train
            // on in minutes.
            coins: 6,
            // About three weeks: some folds of several days.
            minutes: 30_000,
            // 2024-01-01T00:00:00Z, on every interval's grid.
            start_ms: 1_704_067_200_000,
            // Far above any real market, so that a small network finds it in a minute.
            signal: 0.25,
            // The horizon this project forecasts.
            signal_horizon_minutes: 15,
            // Well inside a window of 512 minutes, well above the horizon's fifteenth.
            half_life_minutes: 25.0,
            // About 15 minutes of 30,000.
            missing_share: 0.0005,
            // Two or three in the default period.
            outage_every_minutes: 12_000,
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
        expect(
            "outage_every_minutes",
            self.outage_every_minutes,
            self.outage_every_minutes == 0
                || self.outage_every_minutes >= 2 * LONGEST_OUTAGE_MINUTES,
            "0 or at least 180",
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

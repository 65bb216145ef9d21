//! The `[watch]` section.

use anyhow::bail;
use serde::{Deserialize, Serialize};

/// The `[watch]` section: how `predict --watch` waits for candles and what it tells. Times are the exchange's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchConfig {
    /// Whether candles are listened for by websocket; without, or while it is down, they are asked for by REST.
    pub websocket: bool,
    /// How long after a candle's close it is asked for by REST where the websocket has not brought it.
    pub rest_after_ms: u64,
    /// Pause between two such requests.
    pub rest_every_ms: u64,
    /// How long after its close a candle is waited for; then the minute passes without forecasts.
    pub patience_secs: f64,
    /// The exchange is taken to have no candle at a time once it serves one that opens this many bars later.
    pub hole_after_bars: usize,
    /// A coin without candles for this many bars counts as absent: the others are forecast without it, and such
    /// forecasts are not acted on unless `trading.act_without_all_coins` says so.
    pub absent_after_bars: usize,
    /// A feature whose mean over a live window is this many standard deviations of training away is reported.
    pub drift_limit_std: f64,
    /// Loopback port of the Prometheus metrics; 0 turns them off.
    pub metrics_port: u16,
    /// Over how many of the last closed forecasts the Pearson correlation in the metrics is.
    pub pearson_forecasts: usize,
    /// How many times faster than real time the exchange's clock runs; other than 1 in rehearsals only.
    pub clock_speed: f64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            websocket: true,
            // The websocket brings a closed candle within some 100 ms.
            rest_after_ms: 500,
            rest_every_ms: 500,
            patience_secs: 40.0,
            // Liquid coins have no holes of their own; after an outage the windows are full of holes for longer anyway.
            hole_after_bars: 5,
            absent_after_bars: 10,
            drift_limit_std: 5.0,
            metrics_port: 9464,
            // 20 coins for two hours.
            pearson_forecasts: 2400,
            clock_speed: 1.0,
        }
    }
}

impl WatchConfig {
    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// Names the key, the value found and what is expected.
    pub fn validate(&self) -> anyhow::Result<()> {
        let positive = [
            ("patience_secs", self.patience_secs),
            ("drift_limit_std", self.drift_limit_std),
            ("clock_speed", self.clock_speed),
        ];
        for (key, value) in positive {
            if !(1e-6..=1e6).contains(&value) {
                bail!(
                    "watch.{key} is {value}, expected a number from 0.000001 to 1000000\nhint: --set watch.{key}=..."
                );
            }
        }
        if self.hole_after_bars == 0 {
            bail!("watch.hole_after_bars is 0, expected at least 1\nhint: --set watch.hole_after_bars=5");
        }
        if self.rest_every_ms == 0 {
            bail!("watch.rest_every_ms is 0, expected at least 1\nhint: --set watch.rest_every_ms=500");
        }
        Ok(())
    }
}

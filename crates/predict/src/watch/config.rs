//! The `[watch]` section.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::anyhow;
use cli::WithHint;
use dataset::TimeSpan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[watch]` section: how `quarterhour watch` waits for candles and what it tells. Times are
/// the exchange's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchConfig {
    /// Whether candles are listened for by websocket. Without it, or while it is down, they are
    /// asked for by REST.
    pub websocket: bool,
    /// Milliseconds after a candle's close at which it is asked for by REST where the websocket has
    /// not brought it. The websocket brings a closed candle within some 100 ms.
    pub rest_after_ms: u64,
    /// Milliseconds between two such requests.
    pub rest_every_ms: u64,
    /// Seconds after its close for which a candle is waited for. Then the coins that have theirs
    /// are forecast without the others, and the minute passes without forecasts where none has.
    pub patience_secs: f64,
    /// The exchange is taken to have no candle at a time once it serves one that opens this many
    /// bars later; it is a count of candles. Liquid coins have no holes of their own, and after an
    /// outage the windows are full of holes for longer anyway.
    pub hole_after_bars: usize,
    /// A coin without candles for this many bars, which the exchange answers not to have while it
    /// has those of others, counts as absent; it is a count of candles, and one that is missing for
    /// a whole bar is not just late. The others are forecast without it at once, and such forecasts
    /// are not acted on unless `trading.act_without_all_coins` says so.
    pub absent_after_bars: usize,
    /// A feature is reported whose mean over a live window is this many standard deviations of
    /// training away from its mean in training.
    pub drift_limit_std: f64,
    /// Port of the Prometheus metrics.
    #[serde(with = "notation::or_off")]
    #[schemars(with = "notation::OrOff<u16>")]
    pub metrics_port: Option<u16>,
    /// Address that these are served at. They hold no secret, but tell whoever can reach them what is
    /// forecast: in a container `"0.0.0.0"`, behind its network.
    pub metrics_address: IpAddr,
    /// Over how many of the last closed forecasts the Pearson correlation in the metrics is. The
    /// default are 20 coins for two hours of one-minute bars.
    pub pearson_forecasts: usize,
    /// How long forecasts and candles stay in the ledger, counted back from its last forecast, such
    /// as `"90d"`; positions and orders always stay. Candles stay for the history of a forecast
    /// longer. Without it nothing is taken out: 20 coins of one-minute bars are about 9 MB a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<TimeSpan>,
    /// How many times faster than real time the exchange's clock runs; other than 1 in rehearsals
    /// only.
    pub clock_speed: f64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            websocket: true,
            rest_after_ms: 500,
            rest_every_ms: 500,
            patience_secs: 40.0,
            hole_after_bars: 5,
            absent_after_bars: 1,
            drift_limit_std: 5.0,
            metrics_port: Some(9464),
            metrics_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            pearson_forecasts: 2400,
            keep: None,
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
        let (day_secs, day_ms) = (86_400.0, 86_400_000.0);
        let ranges = [
            ("rest_after_ms", self.rest_after_ms as f64, 0.0..=day_ms),
            ("rest_every_ms", self.rest_every_ms as f64, 1.0..=day_ms),
            ("patience_secs", self.patience_secs, 1e-6..=day_secs),
            (
                "hole_after_bars",
                self.hole_after_bars as f64,
                1.0..=MOST_BARS,
            ),
            (
                "absent_after_bars",
                self.absent_after_bars as f64,
                0.0..=MOST_BARS,
            ),
            ("drift_limit_std", self.drift_limit_std, 1e-6..=1e6),
            (
                "pearson_forecasts",
                self.pearson_forecasts as f64,
                0.0..=MOST_FORECASTS,
            ),
            ("clock_speed", self.clock_speed, 1e-3..=1e4),
        ];
        for (key, value, range) in ranges {
            if !range.contains(&value) {
                let (low, high) = (range.start(), range.end());
                return Err(anyhow!(
                    "watch.{key} is {value}, expected a number from {low} to {high}"
                )
                .hint(format!("--set watch.{key}=...")));
            }
        }
        match self.keep {
            Some(keep) if keep < LEAST_KEPT => Err(anyhow!(
                "watch.keep is {keep}, expected at least {LEAST_KEPT}"
            )
            .hint("--set watch.keep=90d; without it everything is kept")),
            _ => Ok(()),
        }
    }
}

/// Less is a slip.
const LEAST_KEPT: TimeSpan = TimeSpan::hours(24);

/// Two months of minutes.
const MOST_BARS: f64 = 100_000.0;

/// 450 coins for two weeks.
const MOST_FORECASTS: f64 = 1e7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_numbers_are_refused_by_name() {
        WatchConfig::default().validate().unwrap();
        let refused = |change: fn(&mut WatchConfig)| {
            let mut config = WatchConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        for (key, said) in [
            (
                "rest_after_ms",
                refused(|config| config.rest_after_ms = u64::MAX),
            ),
            (
                "rest_every_ms",
                refused(|config| config.rest_every_ms = u64::MAX),
            ),
            ("rest_every_ms", refused(|config| config.rest_every_ms = 0)),
            (
                "patience_secs",
                refused(|config| config.patience_secs = 1e6),
            ),
            (
                "hole_after_bars",
                refused(|config| config.hole_after_bars = usize::MAX),
            ),
            (
                "absent_after_bars",
                refused(|config| config.absent_after_bars = 1 << 50),
            ),
            (
                "drift_limit_std",
                refused(|config| config.drift_limit_std = f64::NAN),
            ),
            (
                "pearson_forecasts",
                refused(|config| config.pearson_forecasts = usize::MAX),
            ),
            ("clock_speed", refused(|config| config.clock_speed = 1e6)),
        ] {
            assert!(said.contains(&format!("watch.{key} is ")), "{said}");
        }
    }
}

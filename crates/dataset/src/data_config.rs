//! The `[data]` section.

use std::path::PathBuf;

use market::{Interval, Market, SimulatedConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Fill, Filling, TimeSpan};

/// A return past this ratio of two closes, either way, is no price move by default: a new unit of
/// the coin, another coin under its name, or its end.
pub(crate) const JUMP_RATIO: f64 = 6.0;

/// The `[data]` section: where candles come from, and which of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Whether candles are read from the store or made up.
    pub source: Source,
    /// Folder of the candle store.
    #[schemars(title = "path")]
    pub dir: PathBuf,
    /// Which of the exchange's markets the coins trade on.
    pub market: Market,
    /// Length of a bar. Every time in the config is a whole number of these bars, but for
    /// `data.fill_limit`.
    pub interval: Interval,
    /// Length of the stored candles that bars are made of, where they are shorter than
    /// `data.interval`. Only bars of which the store has every part are used. Without it the store
    /// holds candles of `data.interval` itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample_from: Option<Interval>,
    /// First time that is used, in UTC, such as `2021-04-02`. Without it the first candle's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "date")]
    pub from: Option<String>,
    /// First time that is no longer used, in UTC. Without it all candles to the last are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "date")]
    pub until: Option<String>,
    /// For how long bars without a candle are filled. A part of a bar does not count, so that the
    /// default fills no daily candle, and 44640 bars are the most. After the default of an hour an
    /// outage is a hole that no forecast looks across.
    pub fill_limit: TimeSpan,
    /// What such a bar is filled with.
    #[serde(skip_serializing_if = "Fill::is_default")]
    #[schemars(extend("default" = "prices"))]
    pub fill: Fill,
    /// Ratio of two closes in a row, either way, past which there is no log return between them for
    /// volatility: the coin was given a new unit, another coin has its name, or it died. Above 1.
    #[serde(skip_serializing_if = "is_usual_ratio")]
    #[schemars(extend("default" = 6.0))]
    pub jump_ratio: f64,
    /// File of what is known of coins beside their candles, such as `symbols.toml`: forks, new
    /// units, other names and ends, with dates. Candles are read as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "path")]
    pub symbols_file: Option<PathBuf>,
    /// The simulated market, for `data.source = "simulated"`. The same settings always give the
    /// same candles, and more `minutes` or more `coins` only add to them.
    pub simulated: SimulatedConfig,
}

/// Returns true for the default, which old files do not name.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
pub(crate) fn is_usual_ratio(ratio: &f64) -> bool {
    ratio.to_bits() == JUMP_RATIO.to_bits()
}

/// The default, which records of older versions do not name.
pub(crate) fn usual_ratio() -> f64 {
    JUMP_RATIO
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            source: Source::Store,
            dir: PathBuf::from("data"),
            market: Market::Spot,
            interval: Interval::ONE_MINUTE,
            resample_from: None,
            from: None,
            until: None,
            fill_limit: TimeSpan::hours(1),
            fill: Fill::default(),
            jump_ratio: JUMP_RATIO,
            symbols_file: None,
            simulated: SimulatedConfig::default(),
        }
    }
}

impl DataConfig {
    /// Bar length of the candles in the store.
    ///
    /// # Errors
    /// A `resample_from` that does not divide `interval`.
    pub fn stored_interval(&self) -> Result<Interval, Error> {
        let interval = self.interval;
        let divides = |stored: Interval| interval.ms() % stored.ms() == 0;
        match self.resample_from {
            None => Ok(interval),
            Some(stored) if divides(stored) => Ok(stored),
            Some(stored) => {
                let fitting: Vec<String> = Interval::ALL
                    .into_iter()
                    .filter(|other| divides(*other))
                    .map(|other| other.to_string())
                    .collect();
                let expected = format!(
                    "an interval that divides data.interval = {interval}: {}",
                    fitting.join(", ")
                );
                Err(Error::config("data.resample_from", stored, expected))
            }
        }
    }

    /// How bars without a candle are filled.
    pub fn filling(&self) -> Filling {
        Filling {
            fill: self.fill,
            limit_bars: self.fill_limit_bars(),
        }
    }

    /// How many bars in a row without a candle are filled.
    pub fn fill_limit_bars(&self) -> usize {
        self.fill_limit.bars(self.interval)
    }
}

/// Whether candles are read from the store or made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The store in `data.dir`, which `quarterhour download` and `quarterhour import` fill.
    Store,
    /// The simulated market of `data.simulated`, the predictable part of which is known.
    Simulated,
}

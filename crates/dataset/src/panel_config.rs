//! The `[[panel]]` sections.

use std::path::PathBuf;

use market::{Interval, Market, Symbol};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TimeSpan;

/// The `[[panel]]` sections: further panels to learn from, beside the run's own, which `[data]` and
/// `[universe]` describe and which alone is forecast and scored. There may be any number of them,
/// of any coins, markets and intervals. A fold learns from all of their rows whose targets are known
/// before it in real time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PanelConfig {
    /// The panel's name in messages and in `--set panel.NAME.KEY=VALUE`. Each panel has another one.
    pub name: String,
    /// Folder of the panel's candle store. Without it that is `data.dir`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "path")]
    pub dir: Option<PathBuf>,
    /// Which of the exchange's markets the coins trade on. Without it that is `data.market`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// Length of a bar. The target must reach as far ahead in time as it does on the run's own
    /// panel. Without it that is `data.interval`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Length of the stored candles that bars are made of, where they are shorter than
    /// `panel.interval`. Without it the store holds candles of `panel.interval` itself; without both
    /// they are as in `[data]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample_from: Option<Interval>,
    /// The coins, at least two; `[]` takes all that the store has in the panel's time.
    pub symbols: Vec<Symbol>,
    /// First time that is used, in UTC. Without it the first candle's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "date")]
    pub from: Option<String>,
    /// First time that is no longer used, in UTC. Without it all candles are used that come before
    /// the last scored time of the run's own panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "date")]
    pub until: Option<String>,
    /// For how long the last price is carried forward where candles are missing. Without it that is
    /// `data.fill_limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill_limit: Option<TimeSpan>,
}

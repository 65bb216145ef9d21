//! Feature sets: ordered, versioned, and never looking past their own row.

mod bars;
mod cache;
mod chosen;
mod closes;
mod formulas;
mod group;
mod indicators;
mod indicators50;
mod matrix;
mod relative;
mod tabular;
mod trailing;

use std::fmt;

use market::Interval;
use serde::{Deserialize, Serialize};

use crate::{Column, Error};
pub use cache::FeatureRows;
pub use chosen::Features;
pub(crate) use chosen::block_rows;
use group::Group;
pub use matrix::FeatureMatrix;
use matrix::single;
pub use relative::trailing_volatility;
pub use tabular::TabularFeatures;
pub(crate) use trailing::trailing_mean;

/// The `[features]` section: what the windows hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureConfig {
    /// The feature set.
    pub set: FeatureSet,
    /// `indicators` and `indicators50`: which groups of the set's features; an empty list takes
    /// all.
    pub groups: Vec<String>,
    /// Length of a window in bars.
    pub lookback_bars: usize,
    /// Share of a window's bars, per coin, that may be filled, missing or without all features; a
    /// coin above it is neither trained on nor forecast. Offline windows and live ones obey
    /// this one key.
    pub max_filled_share: f64,
    /// Whether `baseline` keeps the features of all rows on disk, in `data.dir`, for the next run
    /// on the same candles.
    pub cache: bool,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        // 512 minutes as in the pipeline that this one replaces; a tenth lets a window outlive a
        // short outage.
        Self {
            set: FeatureSet::Ohlcv8,
            groups: Vec::new(),
            lookback_bars: 512,
            max_filled_share: 0.1,
            cache: false,
        }
    }
}

/// The features of `closes13`; `closes12` lacks the last.
const CLOSES13: [&str; 13] = [
    "return_1",
    "return_5",
    "return_15",
    "return_30",
    "return_60",
    "trend_15",
    "trend_60",
    "relative_return_1",
    "relative_return_5",
    "relative_return_15",
    "relative_return_30",
    "relative_return_60",
    "relative_close",
];

/// Longest window in bars, so that its missing bars are counted in 16 bits.
const LONGEST_LOOKBACK: usize = 60_000;

impl FeatureConfig {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if !(1..=LONGEST_LOOKBACK).contains(&self.lookback_bars) {
            let expected = format!("1 to {LONGEST_LOOKBACK} bars");
            return Err(Error::config(
                "features.lookback_bars",
                self.lookback_bars,
                expected,
            ));
        }
        if !(0.0..1.0).contains(&self.max_filled_share) {
            return Err(Error::config(
                "features.max_filled_share",
                self.max_filled_share,
                "a share from 0 to below 1",
            ));
        }
        let known: Vec<&str> = self.set.groups().iter().map(|group| group.name).collect();
        let is_wrong = |(place, name): &(usize, &String)| {
            !known.contains(&name.as_str()) || self.groups[..*place].contains(name)
        };
        match self.groups.iter().enumerate().find(is_wrong) {
            Some((_, name)) if known.is_empty() => {
                let expected = format!("[], as {} has no groups", self.set);
                Err(Error::config("features.groups", name, expected))
            }
            Some((_, name)) => Err(Error::config(
                "features.groups",
                name,
                format!("each once, of {}: {}", self.set, known.join(", ")),
            )),
            None => Ok(()),
        }
    }

    /// The features that the config asks for, of bars of `interval`.
    pub fn chosen(&self, interval: Interval) -> Features {
        Features::of_groups(self.set, &self.groups).of_bars(interval)
    }
}

/// A named, ordered list of features per coin; [`Features`] computes them.
///
/// All logarithms are natural; formulas are in the files of `features/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureSet {
    /// Eight stationary features of open, high, low, close, volume.
    Ohlcv8,
    /// Eight stationary features that use quote volume, trades and taker buys too.
    Kline8,
    /// The exchange's nine columns as they are, as an earlier pipeline had it.
    Raw9,
    /// Six features of closes alone, for sources that hold nothing else.
    Close6,
    /// Log returns, trends and market-relative returns of closes, as an earlier LightGBM pipeline
    /// had them.
    Closes12,
    /// `closes12` and the market-relative close, which depends on what a coin happens to cost.
    Closes13,
    /// Candle returns and TA-Lib's indicators of one period, in groups.
    Indicators,
    /// More than 50 indicators, returns, volatilities, volumes and calendar features, in groups.
    Indicators50,
    /// Each coin against the others, and the market, in units of volatility, over windows in time.
    Relative,
}

impl FeatureSet {
    /// All built-in sets.
    pub const ALL: [Self; 9] = [
        Self::Ohlcv8,
        Self::Kline8,
        Self::Raw9,
        Self::Close6,
        Self::Closes12,
        Self::Closes13,
        Self::Indicators,
        Self::Indicators50,
        Self::Relative,
    ];

    /// The set's name in configs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ohlcv8 => "ohlcv8",
            Self::Kline8 => "kline8",
            Self::Raw9 => "raw9",
            Self::Close6 => "close6",
            Self::Closes12 => "closes12",
            Self::Closes13 => "closes13",
            Self::Indicators => "indicators",
            Self::Indicators50 => "indicators50",
            Self::Relative => "relative",
        }
    }

    /// Raised whenever a formula changes: statistics and weights of another version are refused.
    pub fn version(self) -> u32 {
        1
    }

    /// The groups that its features can be chosen by, in the order of the channels; most sets have
    /// none.
    pub(crate) fn groups(self) -> &'static [Group] {
        match self {
            Self::Indicators => &indicators::GROUPS,
            Self::Indicators50 => &indicators50::GROUPS,
            Self::Ohlcv8
            | Self::Kline8
            | Self::Raw9
            | Self::Close6
            | Self::Closes12
            | Self::Closes13
            | Self::Relative => &[],
        }
    }

    /// The names of its features that belong to no group, in the order of the channels.
    fn ungrouped(self) -> &'static [&'static str] {
        match self {
            Self::Ohlcv8 => &[
                "return_1",
                "return_15",
                "deviation_60",
                "deviation_240",
                "range",
                "close_position",
                "volume_240",
                "volatility_60",
            ],
            Self::Kline8 => &[
                "return_1",
                "deviation_60",
                "deviation_240",
                "range",
                "quote_volume_240",
                "trades_240",
                "taker_imbalance",
                "vwap_deviation",
            ],
            Self::Raw9 => &[
                "open",
                "high",
                "low",
                "close",
                "volume",
                "quote_volume",
                "count",
                "taker_buy_volume",
                "taker_buy_quote_volume",
            ],
            Self::Close6 => &[
                "return_1",
                "return_5",
                "return_15",
                "deviation_60",
                "deviation_240",
                "volatility_60",
            ],
            Self::Closes12 => &CLOSES13[..12],
            Self::Closes13 => &CLOSES13,
            Self::Relative => &relative::NAMES,
            Self::Indicators | Self::Indicators50 => &[],
        }
    }

    /// How many rows, its own included, a row of the features that belong to no group is a function
    /// of.
    fn ungrouped_warm_up_bars(self, interval: Interval) -> usize {
        match self {
            Self::Ohlcv8 | Self::Kline8 | Self::Close6 => 240,
            Self::Raw9 => 1,
            Self::Closes12 | Self::Closes13 => 61,
            Self::Indicators | Self::Indicators50 => 1,
            Self::Relative => relative::warm_up_bars(interval),
        }
    }

    /// The columns that the set is computed from.
    pub fn columns(self) -> &'static [Column] {
        use Column::{
            Close, Count, High, Low, Open, QuoteVolume, TakerBuyQuoteVolume, TakerBuyVolume, Volume,
        };
        match self {
            Self::Ohlcv8 | Self::Indicators | Self::Indicators50 | Self::Relative => {
                &[Open, High, Low, Close, Volume]
            }
            Self::Kline8 => &[
                Open,
                High,
                Low,
                Close,
                Volume,
                QuoteVolume,
                Count,
                TakerBuyVolume,
            ],
            Self::Raw9 => &[
                Open,
                High,
                Low,
                Close,
                Volume,
                QuoteVolume,
                Count,
                TakerBuyVolume,
                TakerBuyQuoteVolume,
            ],
            Self::Close6 | Self::Closes12 | Self::Closes13 => &[Close],
        }
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! Feature sets: ordered, versioned, and never looking past their own row.

mod closes;
mod formulas;
mod tabular;
mod trailing;

use std::fmt;
use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Column, Error, Panel};
pub use tabular::TabularFeatures;
pub(crate) use trailing::trailing_mean;

/// The `[features]` section: what the windows hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureConfig {
    /// The feature set.
    pub set: FeatureSet,
    /// Length of a window in bars.
    pub lookback_bars: usize,
    /// Share of a window's bars, per coin, that may be filled, missing or without all features; a coin above it is
    /// neither trained on nor forecast. Offline windows and live ones obey this one key.
    pub max_filled_share: f64,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        // 512 minutes as in the pipeline that this one replaces; a tenth lets a window outlive a short outage.
        Self { set: FeatureSet::Ohlcv8, lookback_bars: 512, max_filled_share: 0.1 }
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
            return Err(Error::config("features.lookback_bars", self.lookback_bars, expected));
        }
        if !(0.0..1.0).contains(&self.max_filled_share) {
            return Err(Error::config("features.max_filled_share", self.max_filled_share, "a share from 0 to below 1"));
        }
        Ok(())
    }
}

/// A named, ordered list of features per coin.
///
/// Row t of every feature is a function of exactly the last [`FeatureSet::warm_up_bars`] rows, all closed by t. All
/// logarithms are natural; formulas are in `formulas.rs`.
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
    /// Log returns, trends and market-relative returns of closes, as an earlier LightGBM pipeline had them.
    Closes12,
    /// `closes12` and the market-relative close, which depends on what a coin happens to cost.
    Closes13,
}

impl FeatureSet {
    /// All built-in sets.
    pub const ALL: [Self; 6] = [Self::Ohlcv8, Self::Kline8, Self::Raw9, Self::Close6, Self::Closes12, Self::Closes13];

    /// The set's name in configs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ohlcv8 => "ohlcv8",
            Self::Kline8 => "kline8",
            Self::Raw9 => "raw9",
            Self::Close6 => "close6",
            Self::Closes12 => "closes12",
            Self::Closes13 => "closes13",
        }
    }

    /// Raised whenever a formula changes: statistics and weights of another version are refused.
    pub fn version(self) -> u32 {
        1
    }

    /// The features' names, in the order of the channels.
    pub fn names(self) -> &'static [&'static str] {
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
            Self::Close6 => &["return_1", "return_5", "return_15", "deviation_60", "deviation_240", "volatility_60"],
            Self::Closes12 => &CLOSES13[..12],
            Self::Closes13 => &CLOSES13,
        }
    }

    /// How many rows, its own included, a feature row is a function of.
    pub fn warm_up_bars(self) -> usize {
        match self {
            Self::Ohlcv8 | Self::Kline8 | Self::Close6 => 240,
            Self::Raw9 => 1,
            Self::Closes12 | Self::Closes13 => 61,
        }
    }

    /// The columns that the set is computed from.
    pub fn columns(self) -> &'static [Column] {
        use Column::{Close, Count, High, Low, Open, QuoteVolume, TakerBuyQuoteVolume, TakerBuyVolume, Volume};
        match self {
            Self::Ohlcv8 => &[Open, High, Low, Close, Volume],
            Self::Kline8 => &[Open, High, Low, Close, Volume, QuoteVolume, Count, TakerBuyVolume],
            Self::Raw9 => &[Open, High, Low, Close, Volume, QuoteVolume, Count, TakerBuyVolume, TakerBuyQuoteVolume],
            Self::Close6 | Self::Closes12 | Self::Closes13 => &[Close],
        }
    }

    /// Computes the features of all coins at `rows` of the panel: row-major `[rows, coins x features]`, channel =
    /// coin x features + feature, NaN where a feature is unknown. Row 0 of the result is `rows.start`.
    ///
    /// The bits of a row do not depend on which rows are asked for.
    pub fn compute(self, panel: &Panel, rows: Range<usize>) -> FeatureMatrix {
        let mut matrix = FeatureMatrix::zeroed(rows.len(), panel.coins(), self.names().len());
        let (channels, per_coin, block_rows) = (matrix.channels(), matrix.per_coin, block_rows(panel));
        matrix.values.par_chunks_mut((block_rows * channels).max(1)).enumerate().for_each(|(block, out)| {
            let start = rows.start + block * block_rows;
            let end = rows.end.min(start + block_rows);
            match self {
                Self::Closes12 | Self::Closes13 => closes::compute(self, panel, start..end, out),
                Self::Ohlcv8 | Self::Kline8 | Self::Raw9 | Self::Close6 => {
                    for coin in 0..panel.coins() {
                        let features = formulas::compute(self, panel, coin, start..end);
                        // A cell at once, as each is in another line of the cache.
                        for (row, cells) in out.chunks_exact_mut(channels).enumerate() {
                            let cell = &mut cells[coin * per_coin..(coin + 1) * per_coin];
                            for (value, series) in cell.iter_mut().zip(&features) {
                                *value = single(series[row]);
                            }
                        }
                    }
                }
            }
        });
        matrix
    }
}

/// A feature as it is kept; what is no number in 32 bits is unknown.
fn single(value: f64) -> f32 {
    let value = value as f32;
    if value.is_finite() { value } else { f32::NAN }
}

/// Rows that are worth computing at once: enough to make the warm-up before them cheap, few enough for the cache.
pub(crate) fn block_rows(panel: &Panel) -> usize {
    (32_768 / panel.coins().max(1)).clamp(512, 4096)
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Features before normalization: row-major `[rows, coins x features]`, NaN where unknown.
#[derive(Debug, Clone)]
pub struct FeatureMatrix {
    pub(crate) values: Vec<f32>,
    pub(crate) coins: usize,
    pub(crate) per_coin: usize,
}

impl FeatureMatrix {
    /// Room for values that are all to be written: zeros cost nothing until they are.
    fn zeroed(rows: usize, coins: usize, per_coin: usize) -> Self {
        Self { values: vec![0.0; rows * coins * per_coin], coins, per_coin }
    }

    /// Number of coins.
    pub fn coins(&self) -> usize {
        self.coins
    }

    /// Features per coin.
    pub fn per_coin(&self) -> usize {
        self.per_coin
    }

    /// Channels of a row: coins x features.
    pub fn channels(&self) -> usize {
        self.coins * self.per_coin
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.channels()).unwrap_or(0)
    }

    /// One coin's features at one row, `[features]`.
    pub fn cell(&self, row: usize, coin: usize) -> &[f32] {
        let start = row * self.channels() + coin * self.per_coin;
        &self.values[start..start + self.per_coin]
    }
}

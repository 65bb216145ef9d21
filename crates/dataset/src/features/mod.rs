//! Feature sets: ordered, versioned, and never looking past their own row.

mod bars;
mod cache;
mod chosen;
mod close6;
mod closes;
mod export;
mod formulas;
mod garch;
mod group;
mod har_intraday;
mod har_range;
mod indicators;
mod indicators50;
mod kline8;
mod list;
mod market_series;
mod matrix;
mod moments;
mod ohlcv8;
mod raw9;
mod reference;
mod relative;
mod relative6;
mod set;
mod tabular;
mod time;
mod trailing;
mod variances;
mod volatility;
mod volatility_optional;

use market::Interval;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Column, Error};
pub use cache::FeatureRows;
pub use chosen::Features;
pub(crate) use chosen::block_rows;
pub use export::{ExportedFeatures, export_features};
pub use garch::{garch_variance, garch_warm_up_bars};
pub use group::{GroupChoice, OptionalGroup};
pub use list::FeatureSet;
pub use matrix::FeatureMatrix;
use matrix::single;
pub use reference::features_reference;
pub(crate) use reference::in_words;
pub use relative::trailing_volatility;
pub use set::{Feature, FeatureFormulas};
pub use tabular::TabularFeatures;
pub(crate) use trailing::trailing_mean;

/// The `[features]` section: what forecasters see of the candles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureConfig {
    /// The feature set. The default needs no more than open, high, low, close and volume, which
    /// every source has.
    pub set: FeatureSet,
    /// Which groups of the set's features, for a set that has groups; `[]` takes all.
    #[schemars(schema_with = "list::groups_schema")]
    pub groups: Vec<String>,
    /// Groups to add to these that the set leaves out unless they are named: their columns are not in
    /// every source, or they take long.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "list::optional_groups_schema", extend("default" = []))]
    pub with: Vec<String>,
    /// Whether every set has the features of the time too: minute of the day, hour and day of the
    /// week as pairs of sine and cosine, and the trading session. A network has them as channels.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub time: bool,
    /// Length of a window, in bars; it is a count and no time, as it is the width of the network's
    /// input. The default, 512 minutes of one-minute bars, is that of the pipeline which this
    /// project replaces. A forecaster that looks at single rows needs 1.
    pub lookback_bars: usize,
    /// Largest share of a window's bars, for each coin, that may be filled, missing or without all
    /// features. A coin above it is neither trained on nor forecast, offline and live alike. A
    /// tenth lets a window outlive a short outage.
    pub max_filled_share: f64,
    /// Whether `quarterhour baseline` keeps the features of all rows on disk, in `data.dir`, for
    /// the next run on the same candles.
    pub cache: bool,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        Self {
            set: FeatureSet::default(),
            groups: Vec::new(),
            with: Vec::new(),
            time: false,
            lookback_bars: 512,
            max_filled_share: 0.1,
            cache: false,
        }
    }
}

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
        let formulas = self.set.formulas();
        let groups = formulas.groups().iter().map(|group| group.name);
        self.check_names("features.groups", &self.groups, groups.collect())?;
        let optional = formulas.optional_groups().iter();
        let optional = optional.map(|optional| optional.group.name);
        self.check_names("features.with", &self.with, optional.collect())
    }

    /// Refuses a name that is not known, or there twice.
    fn check_names(
        &self,
        key: &'static str,
        names: &[String],
        known: Vec<&str>,
    ) -> Result<(), Error> {
        let is_wrong = |(place, name): &(usize, &String)| {
            !known.contains(&name.as_str()) || names[..*place].contains(name)
        };
        match names.iter().enumerate().find(is_wrong) {
            Some((_, name)) if known.is_empty() => {
                let expected = format!("[], as {} has no groups", self.set);
                Err(Error::config(key, name, expected))
            }
            Some((_, name)) => Err(Error::config(
                key,
                name,
                format!("each once, of {}: {}", self.set, known.join(", ")),
            )),
            None => Ok(()),
        }
    }

    /// The columns of candles that the features are computed from.
    pub fn columns(&self) -> Vec<Column> {
        let optional = self.set.formulas().optional_groups().iter();
        let is_wanted = |name: &str| self.with.iter().any(|wanted| wanted == name);
        let of_optional = optional
            .filter(|optional| is_wanted(optional.group.name))
            .flat_map(|optional| optional.columns);
        self.set
            .columns()
            .iter()
            .chain(of_optional)
            .copied()
            .collect()
    }

    /// The features that the config asks for, of bars of `interval`.
    pub fn chosen(&self, interval: Interval) -> Features {
        let names = (self.groups.as_slice(), self.with.as_slice());
        let features = Features::of_groups(self.set, names).of_bars(interval);
        match self.time {
            true => features.with_time(),
            false => features,
        }
    }
}

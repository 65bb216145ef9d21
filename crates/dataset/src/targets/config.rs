//! The `[target]` section.

use std::collections::BTreeMap;

use market::{Interval, Symbol};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::list::TargetKind;
use super::realized_variance::Estimator;
use super::target::{MOST_BARS, Settings, Target};
use super::values::Targets;
use crate::{Error, FeatureSet, Panel, TimeSpan};

/// The `[target]` section: what is forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct TargetConfig {
    /// Which target.
    pub kind: TargetKind,
    /// How far ahead it looks. The default is the horizon of the pipeline that this project
    /// replaces, and for `volatility` it is `"7d"`.
    #[serde(default = "not_named")]
    #[schemars(default = "fifteen_minutes")]
    pub horizon: TimeSpan,
    /// Several horizons, such as `["15m", "1h", "4h", "1d"]`, in place of `target.horizon`: each is
    /// forecast and scored, the network with one output for each, trees and the ridge with a model
    /// for each. A watch trades the first. What lies before a boundary is left out for the longest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub horizons: Vec<TimeSpan>,
    /// Whether forecasters are fitted to the target as a whole or to its parts. The forecast is of
    /// the whole target either way.
    pub fit: Fit,
    /// When a position that forecasters learn the return of is entered. What is forecast and scored
    /// stays the target of the row. `ridge` learns what is entered a bar later in any case.
    pub entry: Entry,
    /// A forecast that is there before, of which forecasters learn what it leaves: the target minus
    /// the base's out-of-sample forecast. The forecast is then the sum of both. Rows without a base
    /// forecast are not trained on, and forecast without it. Without this key forecasters learn the
    /// target itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// For `target.kind = "gresearch"`: the time over which a coin's market beta is estimated. The
    /// default is the competition's.
    pub beta_window: TimeSpan,
    /// For `target.kind = "volatility"`: how it is computed from the returns of the horizon.
    #[serde(skip_serializing_if = "Estimator::is_rms")]
    pub estimator: Estimator,
    /// A control. With it forecasters are fitted to targets whose days are in another order, the
    /// same for all coins, and scored on the true ones, so that a score other than 0 shows a leak.
    /// The number is the seed of the order. Without it nothing is shuffled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle_seed: Option<u64>,
    /// Weight of each coin in the weighted correlation, by the coin's name. A coin that is not
    /// named has the weight that the target gives it, which is 1, or for `gresearch` the
    /// competition's.
    pub weights: BTreeMap<String, f64>,
}

/// Stands for a horizon that a section does not name, until its target's default is put there:
/// longer than any that can be written.
const NOT_NAMED: TimeSpan = TimeSpan::minutes(i64::MAX / 60_000);

fn not_named() -> TimeSpan {
    NOT_NAMED
}

fn fifteen_minutes() -> TimeSpan {
    TimeSpan::minutes(15)
}

impl Serialize for TargetConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for TargetConfig {
    /// Reads the section, with the horizon that its target has by default where it names none.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut config = Self::deserialize(deserializer)?;
        if config.horizon == NOT_NAMED {
            // The default does not depend on the length of a bar.
            config.horizon = config.init(Interval::ONE_MINUTE).default_horizon();
        }
        Ok(config)
    }
}

impl Default for TargetConfig {
    fn default() -> Self {
        Self {
            kind: TargetKind::default(),
            horizon: fifteen_minutes(),
            horizons: Vec::new(),
            fit: Fit::Whole,
            entry: Entry::Close,
            base: None,
            beta_window: TimeSpan::minutes(3750),
            estimator: Estimator::Rms,
            shuffle_seed: None,
            weights: BTreeMap::new(),
        }
    }
}

/// What forecasters are fitted to. The forecast is always of the whole target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The target as it is.
    Whole,
    /// The market's part, which is the mean over the coins that have a target at that time, and
    /// each coin's own part, which is the rest, each in its own unit. The market's part has few
    /// independent events, and its noise would drown the coins' own parts.
    Parts,
    /// The parts of targets that are divided by their scale (`normalize.target`) first, so that a
    /// coin follows the market in proportion to it.
    ScaledParts,
}

impl Fit {
    /// Its name in configs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Parts => "parts",
            Self::ScaledParts => "scaled_parts",
        }
    }
}

/// When a position that forecasters learn the return of is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// At the close that the forecast knows: the target of the row.
    #[default]
    Close,
    /// A bar later: the target of the next row. So nobody learns that the last price of a bar
    /// jumps back from one side of the spread to the other, which nobody can trade on.
    NextClose,
}

impl Entry {
    /// Returns true for the default, which old files do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(crate) fn is_close(&self) -> bool {
        *self == Self::Close
    }
}

/// A forecast that is there before others learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Base {
    /// The ridge of `quarterhour ridge` with its defaults: each UTC day is forecast by a fit on
    /// all days before it.
    Ridge,
}

impl Base {
    /// The set of the features that it is computed from, whatever `features.set` says.
    pub fn features(self) -> FeatureSet {
        match self {
            Self::Ridge => FeatureSet::RELATIVE,
        }
    }
}

impl TargetConfig {
    pub(crate) fn validate(&self, interval: Interval) -> Result<(), Error> {
        self.validate_horizons(interval)?;
        self.validate_entry(interval)?;
        if let (Some(_), Some(seed)) = (self.base, self.shuffle_seed) {
            let expected = "no such key beside target.base, which is fitted to the true targets";
            return Err(Error::config("target.shuffle_seed", seed, expected));
        }
        match self
            .weights
            .iter()
            .find(|(_, weight)| !weight.is_finite() || **weight < 0.0)
        {
            Some((symbol, weight)) => Err(Error::config(
                "target.weights",
                format!("{symbol}: {weight}"),
                "finite weights of at least 0",
            )),
            None => (self.all_horizons().iter())
                .try_for_each(|horizon| self.at_horizon(*horizon).init(interval).validate()),
        }
    }

    /// What is entered a bar later, and a base of returns, are of targets that are traded.
    fn validate_entry(&self, interval: Interval) -> Result<(), Error> {
        if !self.init(interval).task().is_of_volatility() {
            return Ok(());
        }
        match (self.entry, self.base) {
            (Entry::Close, None) => Ok(()),
            (Entry::NextClose, _) => {
                let expected = "close with target.kind = \"volatility\", which nobody enters";
                Err(Error::config("target.entry", "next_close", expected))
            }
            (_, Some(Base::Ridge)) => {
                let expected =
                    "no such key with target.kind = \"volatility\": it forecasts returns";
                Err(Error::config("target.base", "ridge", expected))
            }
        }
    }

    fn validate_horizons(&self, interval: Interval) -> Result<(), Error> {
        let range = (1, MOST_BARS);
        let key = match self.horizons.is_empty() {
            true => "target.horizon",
            false => "target.horizons",
        };
        let horizons = self.all_horizons();
        for (place, horizon) in horizons.iter().enumerate() {
            horizon.check_bars(key, interval, range)?;
            if horizons[..place].contains(horizon) {
                return Err(Error::config(key, horizon, "each horizon once"));
            }
        }
        Ok(())
    }

    /// Every horizon: those of `target.horizons`, or the one of `target.horizon`.
    pub fn all_horizons(&self) -> &[TimeSpan] {
        match self.horizons.as_slice() {
            [] => std::slice::from_ref(&self.horizon),
            horizons => horizons,
        }
    }

    /// The target at one horizon alone.
    pub fn at_horizon(&self, horizon: TimeSpan) -> Self {
        Self {
            horizon,
            horizons: Vec::new(),
            ..self.clone()
        }
    }

    /// The target with the first of several horizons as `target.horizon`; a list of one is that
    /// horizon.
    pub(crate) fn at_first_horizon(&self) -> Self {
        match self.horizons.as_slice() {
            [] => self.clone(),
            [only] => self.at_horizon(*only),
            [first, ..] => Self {
                horizon: *first,
                ..self.clone()
            },
        }
    }

    /// The longest reach of all horizons: what every purge must cover.
    pub(crate) fn longest_reach_bars(&self, interval: Interval) -> usize {
        let reach = |horizon: &TimeSpan| self.at_horizon(*horizon).reach_bars(interval);
        self.all_horizons().iter().map(reach).max().unwrap_or(0)
    }

    /// What is added to the name of a forecaster that learns what a base leaves, or is fitted to
    /// shuffled targets.
    pub fn name_suffix(&self) -> &'static str {
        match (self.base, self.shuffle_seed) {
            (None, None) => "",
            (Some(Base::Ridge), _) => "_on_ridge",
            (None, Some(_)) => "_shuffled_days",
        }
    }

    /// How many bars ahead it looks.
    pub fn horizon_bars(&self, interval: Interval) -> usize {
        self.horizon.bars(interval)
    }

    /// The target, of bars of that length.
    pub fn init(&self, interval: Interval) -> Box<dyn Target> {
        self.kind.init(&Settings {
            interval,
            horizon: self.horizon,
            beta_window: self.beta_window,
            estimator: self.estimator,
            weights: &self.weights,
        })
    }

    /// How many bars after t the target at t needs.
    pub fn reach_bars(&self, interval: Interval) -> usize {
        self.init(interval).reach_bars()
    }

    /// Each coin's weight in the weighted correlation.
    pub fn weights_of(&self, symbols: &[Symbol], interval: Interval) -> Vec<f64> {
        let target = self.init(interval);
        let weight = |symbol: &Symbol| match self.weights.get(symbol.as_str()) {
            Some(weight) => *weight,
            None => target.default_weight(symbol),
        };
        symbols.iter().map(weight).collect()
    }

    /// The target of every row and coin of a panel.
    pub fn compute(&self, panel: &Panel) -> Targets {
        self.init(panel.interval()).compute(panel)
    }
}

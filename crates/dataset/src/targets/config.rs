//! The `[target]` section.

use std::collections::BTreeMap;

use market::{Interval, Symbol};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list::TargetKind;
use super::target::{MOST_BARS, Settings, Target};
use super::values::Targets;
use crate::{Error, Panel, TimeSpan};

/// The `[target]` section: what is forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TargetConfig {
    /// Which target.
    pub kind: TargetKind,
    /// How far ahead it looks. The default is the horizon of the pipeline that this project
    /// replaces.
    pub horizon: TimeSpan,
    /// Whether forecasters are fitted to the target as a whole or to its parts. The forecast is of
    /// the whole target either way.
    pub fit: Fit,
    /// Whether forecasters are fitted to the target of the next bar, which is entered a bar later:
    /// what bounces back within a bar cannot be traded, and is not learnt then. Forecasts and scores
    /// are of the target as it is. `ridge` is always fitted so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub fit_delayed: bool,
    /// For `target.kind = "gresearch"`: the time over which a coin's market beta is estimated. The
    /// default is the competition's.
    pub beta_window: TimeSpan,
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

impl Default for TargetConfig {
    fn default() -> Self {
        Self {
            kind: TargetKind::default(),
            horizon: TimeSpan::minutes(15),
            fit: Fit::Whole,
            fit_delayed: false,
            beta_window: TimeSpan::minutes(3750),
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

impl TargetConfig {
    pub(crate) fn validate(&self, interval: Interval) -> Result<(), Error> {
        let range = (1, MOST_BARS);
        self.horizon.check_bars("target.horizon", interval, range)?;
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
            None => self.init(interval).validate(),
        }
    }

    /// What is added to the name of a forecaster that is fitted to shuffled targets.
    pub fn name_suffix(&self) -> &'static str {
        match self.shuffle_seed {
            None => "",
            Some(_) => "_shuffled_days",
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
            weights: &self.weights,
        })
    }

    /// How many bars after t the target at t needs: what every purge must cover.
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

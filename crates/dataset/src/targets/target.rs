//! What all targets have in common.

use std::collections::BTreeMap;
use std::fmt::Debug;

use market::{Interval, SimulatedMarket, Symbol};

use super::realized_variance::Estimator;
use super::{Control, Targets};
use crate::{Column, Error, Panel, TimeSpan};

/// What is forecast of each coin at t: a value over the bars after t, known only once they have
/// closed.
///
/// A new one is a file in `targets/` with this trait, and a line in the list of `list.rs`;
/// `examples/target.rs` of this crate shows one outside the list.
pub trait Target: Debug + Send + Sync {
    /// Its name in `target.kind`.
    fn name(&self) -> &'static str;

    /// How it is computed at t, with h for the horizon in bars.
    fn formula(&self) -> &'static str;

    /// What it is for and where it comes from, in whole sentences.
    fn description(&self) -> &'static str;

    /// How many bars after t the target at t needs: what every purge must cover.
    fn reach_bars(&self) -> usize;

    /// The columns of candles that it is computed from.
    fn columns(&self) -> &'static [Column];

    /// The target of every row and coin; NaN where candles that it needs were not observed.
    fn compute(&self, panel: &Panel) -> Targets;

    /// The unit of its values, in words.
    fn unit(&self) -> &'static str;

    /// The kind of quantity.
    fn task(&self) -> Task;

    /// Naive forecasts of it that are known at t and that any forecaster must beat, beside that it
    /// is 0, where that is a forecast at all ([`Task`]); [`close_controls`](crate::close_controls) are those of returns.
    fn controls(&self) -> Vec<Control>;

    /// What a position of one coin earns of it.
    fn earned(&self) -> Payoff;

    /// The coin's weight in the weighted correlation where `target.weights` does not name it.
    fn default_weight(&self, _symbol: &Symbol) -> f64 {
        1.0
    }

    /// The expected target at the close of a candle of a simulated market, given all that is known
    /// then: no forecaster can do better. None where nobody has worked it out.
    fn oracle(&self, _market: &SimulatedMarket, _coin: usize, _candle: usize) -> Option<f64> {
        None
    }

    /// How far ahead it looks where `target.horizon` does not say it.
    fn default_horizon(&self) -> TimeSpan {
        TimeSpan::minutes(15)
    }

    /// Refuses settings that it cannot be computed with.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    fn validate(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// The kind of quantity that is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A return, of either sign.
    Return,
    /// A level, such as a volatility: never below 0.
    Level,
    /// The natural logarithm of a volatility per day, of either sign. A forecast of 0 stands for a
    /// volatility of 100 % a day and is no control; nothing is earned by its sign.
    LogVolatility,
    /// The class of a volatility: the value is that of [`Task::LogVolatility`], but forecasters learn
    /// the probabilities of its classes (`[regime]`), and forecast the logarithm that these stand
    /// for.
    Regime,
}

impl Task {
    /// Returns true when the value is the logarithm of a volatility.
    pub fn is_of_volatility(self) -> bool {
        matches!(self, Self::LogVolatility | Self::Regime)
    }
}

/// What a position of one coin earns of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payoff {
    /// All of it, from the close at t to the close at the end of its reach.
    FromClose,
    /// All of it, from the next bar's open.
    FromNextOpen,
    /// Nobody here knows: the target was computed elsewhere.
    Unknown,
    /// None of it: it is not the return between two prices of one coin.
    Nothing,
}

impl Payoff {
    /// Returns true when a position between two prices of one coin earns what is forecast.
    pub fn is_return(self) -> bool {
        matches!(self, Self::FromClose | Self::FromNextOpen)
    }
}

/// What the `[target]` and `[data]` sections say to a target.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// Length of a bar.
    pub interval: Interval,
    /// `target.horizon`
    pub horizon: TimeSpan,
    /// `target.beta_window`
    pub beta_window: TimeSpan,
    /// `target.estimator`
    pub estimator: Estimator,
    /// `target.weights`
    pub weights: &'a BTreeMap<String, f64>,
}

impl Settings<'_> {
    /// How many bars ahead.
    pub fn horizon_bars(&self) -> usize {
        self.horizon.bars(self.interval)
    }
}

/// A year of minutes: nothing is forecast further ahead, or measured over more.
pub(crate) const MOST_BARS: usize = 525_600;

//! `regime`: the class of how far the price will move.

use super::control::Control;
use super::target::{Payoff, Settings, Target, Task};
use super::values::Targets;
use super::volatility;
use crate::{Column, Error, Panel, TimeSpan};

pub(super) fn init(settings: &Settings<'_>) -> Box<dyn Target> {
    Box::new(Regime(volatility::init(settings)))
}

/// The class of the target `volatility`, whose value is kept beside it: classes begin at other
/// volatilities in each fold.
#[derive(Debug)]
struct Regime(Box<dyn Target>);

impl Target for Regime {
    fn name(&self) -> &'static str {
        "regime"
    }

    fn formula(&self) -> &'static str {
        "the class of `volatility`: Low up to the first edge, High above the last, Medium between"
    }

    fn description(&self) -> &'static str {
        "The class of how far the price moves over the horizon: `[regime]` says where classes begin, by quantiles of a fold's training rows. The value of a row stays that of `volatility`, so that such a run is scored beside runs of that target; but trees learn the classes and forecast their probabilities, which tables and live forecasts hold. The forecast itself is the logarithm of volatility that the probabilities stand for: the mean over the classes of their mean training targets. A network forecasts the volatility and gets the probabilities from its residuals, as it does of `volatility`, which is the one that classical models take."
    }

    fn reach_bars(&self) -> usize {
        self.0.reach_bars()
    }

    fn columns(&self) -> &'static [Column] {
        self.0.columns()
    }

    fn compute(&self, panel: &Panel) -> Targets {
        self.0.compute(panel)
    }

    fn unit(&self) -> &'static str {
        self.0.unit()
    }

    fn task(&self) -> Task {
        Task::Regime
    }

    fn controls(&self) -> Vec<Control> {
        self.0.controls()
    }

    fn earned(&self) -> Payoff {
        self.0.earned()
    }

    fn default_horizon(&self) -> TimeSpan {
        self.0.default_horizon()
    }

    fn validate(&self) -> Result<(), Error> {
        self.0.validate()
    }
}

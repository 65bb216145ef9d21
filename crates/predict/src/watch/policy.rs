//! When a forecast is acted on. The watch and the check of its ledger ask the same function.

use rules::{Side, Thresholds};
use trading::{LoggedForecast, Signal, TradingConfig};

use crate::{Checkpoint, WatchConfig};

/// Everything that decides whether a forecast is acted on.
#[derive(Debug, Clone)]
pub struct SignalPolicy {
    /// Costs and rules.
    pub trading: TradingConfig,
    /// From how much drift on a coin counts as drifted.
    pub drift_limit_std: f64,
    /// The run's thresholds; without any nothing is acted on.
    pub thresholds: Option<Thresholds>,
    /// Bar length in milliseconds.
    pub bar_ms: i64,
}

/// Why a forecast beyond its threshold is not acted on; None where it is.
pub fn why_not(policy: &SignalPolicy, logged: &LoggedForecast) -> Option<&'static str> {
    let trading = &policy.trading;
    let is_rule = Checkpoint::is_label_of_rule(&logged.forecaster);
    let age_ms = logged.made_at_ms - (logged.time_ms + policy.bar_ms);
    let is_drifted = logged
        .drift_std
        .is_some_and(|std| std.abs() > policy.drift_limit_std);
    let reasons = [
        (
            age_ms as f64 > trading.act_within_secs * 1000.0,
            "made too late (trading.act_within_secs)",
        ),
        (
            is_rule && !trading.act_on_rule,
            "made by the indicator rule (trading.act_on_rule)",
        ),
        (
            !logged.is_complete && !trading.act_without_all_coins,
            "a coin is absent (trading.act_without_all_coins)",
        ),
        (
            is_drifted && !trading.act_on_drift,
            "the coin's features have drifted (trading.act_on_drift)",
        ),
    ];
    reasons
        .into_iter()
        .find(|(holds, _)| *holds)
        .map(|(_, reason)| reason)
}

impl SignalPolicy {
    /// From how much on, and how, to act on drift and thresholds.
    pub fn new(
        trading: TradingConfig,
        watch: &WatchConfig,
        thresholds: Option<Thresholds>,
        bar_ms: i64,
    ) -> Self {
        Self {
            trading,
            drift_limit_std: watch.drift_limit_std,
            thresholds,
            bar_ms,
        }
    }

    /// The direction that the coin's thresholds give the forecast; None: nothing to act on.
    pub fn side(&self, logged: &LoggedForecast) -> Option<Side> {
        let coin = self
            .thresholds
            .as_ref()?
            .coins
            .get(logged.symbol.as_str())?;
        coin.side(logged.forecast.filter(|forecast| forecast.is_finite())?)
    }

    /// The position that a forecast asks for.
    pub fn signal(&self, logged: &LoggedForecast, side: Side) -> Signal {
        let bars = |bars: fn(&Thresholds) -> usize| {
            self.thresholds.as_ref().map_or(0, bars) as i64 * self.bar_ms
        };
        let entry_ms = logged.time_ms + bars(|thresholds| thresholds.entry_delay_bars);
        Signal {
            symbol: logged.symbol.clone(),
            side,
            forecast: logged.forecast.unwrap_or(f64::NAN),
            entry_ms,
            due_ms: entry_ms + bars(|thresholds| thresholds.hold_bars),
            costs: self.trading.costs,
            overlapping: self.trading.overlapping,
        }
    }
}

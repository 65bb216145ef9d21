//! Settings of exposure rules.

use score::Options;
use serde::Serialize;

use super::cut::AlarmCosts;
use crate::error::{Error, setting};

/// What exposure rules do, and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExposureOptions {
    /// Exposure of a coin whose volatility is forecast to be high, in place of 1.
    pub reduced: f64,
    /// Share of a coin's earlier forecasts that lie below the ones that count as its top.
    pub top_share: f64,
    /// Volatility a year that the rule `volatility_target` aims at.
    pub target_volatility: f64,
    /// Largest exposure of that rule.
    pub cap: f64,
    /// Short position in the hedge for each unit of a coin at High.
    pub hedge_ratio: f64,
    /// The coin that is sold short.
    pub hedge: String,
    /// Cost of a change of exposure by 1, in basis points.
    pub cost_bps: f64,
    /// What mistakes about High cost: it is called where its probability is at or above the cut that
    /// earlier folds decide for them. None calls it where it is the likeliest class.
    pub alarm_costs: Option<AlarmCosts>,
    /// Settings of the intervals.
    #[serde(skip)]
    pub bootstrap: Options,
}

impl Default for ExposureOptions {
    fn default() -> Self {
        Self {
            reduced: 0.5,
            top_share: 0.8,
            target_volatility: 0.8,
            cap: 1.0,
            hedge_ratio: 0.5,
            hedge: "BTCUSDT".to_owned(),
            cost_bps: 10.0,
            alarm_costs: None,
            bootstrap: Options::default(),
        }
    }
}

impl ExposureOptions {
    /// Checks every value.
    ///
    /// # Errors
    /// Names the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        self.bootstrap.validate()?;
        self.alarm_costs.map_or(Ok(()), AlarmCosts::validate)?;
        let is_share = |value: f64| (0.0..=1.0).contains(&value);
        let shares = [("reduced", self.reduced), ("top_share", self.top_share)];
        if let Some((key, found)) = shares.into_iter().find(|(_, value)| !is_share(*value)) {
            return Err(setting(key, found, "a share from 0 to 1"));
        }
        let above_zero = [
            ("target_volatility", self.target_volatility),
            ("cap", self.cap),
        ];
        let is_above = |value: f64| value > 0.0 && value.is_finite();
        if let Some((key, found)) = above_zero.into_iter().find(|(_, value)| !is_above(*value)) {
            return Err(setting(key, found, "a number above 0"));
        }
        let sizes = [
            (
                "hedge_ratio",
                self.hedge_ratio,
                10.0,
                "a number from 0 to 10",
            ),
            (
                "cost_bps",
                self.cost_bps,
                1000.0,
                "basis points from 0 to 1000",
            ),
        ];
        match sizes
            .into_iter()
            .find(|(_, value, most, _)| !(0.0..=*most).contains(value))
        {
            Some((key, found, _, expected)) => Err(setting(key, found, expected)),
            None => Ok(()),
        }
    }
}

//! Settings of the search for thresholds.

use score::Options;
use serde::{Deserialize, Serialize};

use crate::Costs;
use crate::error::{Error, setting};

/// How thresholds are found and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TuningProtocol {
    /// Tuned on the first part of the span, judged on the rest; trades of a coin do not overlap;
    /// what is not credibly above costs is not taken.
    Honest,
    /// The largest sum of profits over the whole span, every forecast beyond the threshold a trade:
    /// optimistic, and kept for comparison.
    Seed,
}

impl TuningProtocol {
    /// `honest` or `seed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Seed => "seed",
        }
    }
}

/// Which spread of worthless trials the deflated Sharpe ratio assumes where a threshold has to
/// prove itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeflateBy {
    /// That of the trials' own Sharpe ratios, as the paper has it. Where trials differ for a reason
    /// (costs weigh more on low thresholds, some coins can be forecast, few trades scatter
    /// more) it asks for more than chance explains.
    Trials,
    /// What chance alone gives a trial of as many trades: one divided by their number.
    Chance,
}

impl DeflateBy {
    /// `trials` or `chance`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trials => "trials",
            Self::Chance => "chance",
        }
    }
}

/// Settings of the search for thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct TuneOptions {
    /// How thresholds are found and judged.
    pub protocol: TuningProtocol,
    /// What every fill costs.
    pub costs: Costs,
    /// Thresholds tried for each coin and side, at least 2.
    pub thresholds: usize,
    /// Share of the times that thresholds are tuned on, between 0 and 1.
    pub tune_share: f64,
    /// Trades below which a threshold is neither taken nor counted in the variance of the Sharpe
    /// ratios.
    pub min_trades: usize,
    /// Bars between a forecast and its trade: 0 or 1.
    pub entry_delay_bars: usize,
    /// Whether forecasts go through a linear fit of realized on forecast first, one for each coin.
    pub calibrate: bool,
    /// The deflated Sharpe ratio that a threshold has to reach, between 0 and 1.
    pub confidence: f64,
    /// Which deflated Sharpe ratio that is.
    pub deflate_by: DeflateBy,
    /// Other trials of the study, such as those of a search, that the thresholds are counted with.
    pub other_trials: usize,
    /// Draws, confidence, seed and shortest block of the intervals.
    pub bootstrap: Options,
}

impl Default for TuneOptions {
    fn default() -> Self {
        Self {
            protocol: TuningProtocol::Honest,
            costs: Costs::default(),
            thresholds: 40,
            // Enough of a month for some hundred trades a coin, and two weeks left to be judged on.
            tune_share: 0.6,
            // An interval needs five blocks, and a block of an hour is four trades of 15 minutes.
            min_trades: 20,
            entry_delay_bars: 0,
            calibrate: false,
            confidence: 0.95,
            deflate_by: DeflateBy::Trials,
            other_trials: 0,
            bootstrap: Options::default(),
        }
    }
}

impl TuneOptions {
    /// Refuses settings that cannot be tuned with.
    ///
    /// # Errors
    /// Names the setting that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        self.costs.validate()?;
        self.bootstrap.validate()?;
        if !(2..=1000).contains(&self.thresholds) {
            return Err(setting(
                "thresholds",
                self.thresholds,
                "2 to 1000 for each coin and side",
            ));
        }
        if !(self.tune_share > 0.0 && self.tune_share < 1.0) {
            return Err(setting(
                "tune_share",
                self.tune_share,
                "a share between 0 and 1, such as 0.6",
            ));
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return Err(setting(
                "confidence",
                self.confidence,
                "a share between 0 and 1, such as 0.95",
            ));
        }
        if self.min_trades < 2 {
            return Err(setting(
                "min_trades",
                self.min_trades,
                "at least 2: one trade has no spread",
            ));
        }
        if self.entry_delay_bars > 1 {
            let expected = "0 or 1: a forecast table holds no return with a later entry";
            return Err(setting("entry_delay_bars", self.entry_delay_bars, expected));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        TuneOptions::default().validate().unwrap();
        let refused = |options: TuneOptions| options.validate().unwrap_err().to_string();
        assert!(
            refused(TuneOptions {
                thresholds: 1,
                ..Default::default()
            })
            .contains("`thresholds` is 1")
        );
        assert!(
            refused(TuneOptions {
                tune_share: 1.0,
                ..Default::default()
            })
            .contains("`tune_share` is 1")
        );
        assert!(
            refused(TuneOptions {
                min_trades: 1,
                ..Default::default()
            })
            .contains("`min_trades` is 1")
        );
        assert!(
            refused(TuneOptions {
                entry_delay_bars: 2,
                ..Default::default()
            })
            .contains("`entry_delay_bars` is 2")
        );
    }
}

//! The `[normalize]` section.

use market::Interval;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, TimeSpan};

/// The `[normalize]` section: how features and targets are scaled. Every statistic is of training
/// rows alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NormalizeConfig {
    /// Whose training rows features are normalized by.
    pub inputs: InputNorm,
    /// What of these rows makes a feature comparable.
    #[serde(skip_serializing_if = "NormalizeMethod::is_default")]
    pub method: NormalizeMethod,
    /// Number of standard deviations at which normalized features are cut off. At 10 only crashes
    /// and listing days are cut.
    pub clip: f32,
    /// What targets are divided by while training. Forecasts are scaled back. Trees are fitted to
    /// targets as they are, unless it is `trailing`.
    pub target: TargetScale,
    /// The time over which `normalize.target = "trailing"` measures volatility, at least 8 bars, so
    /// that bars of an hour and more need a longer one than the default. Four hours follow a day's
    /// course and still hold enough returns of one minute.
    pub trailing: TimeSpan,
}

impl Default for NormalizeConfig {
    fn default() -> Self {
        Self {
            inputs: InputNorm::Training,
            method: NormalizeMethod::MeanStd,
            clip: 10.0,
            target: TargetScale::Coin,
            trailing: TimeSpan::hours(4),
        }
    }
}

/// Whose training rows features are normalized by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputNorm {
    /// By the mean and the standard deviation of each coin's training rows.
    Training,
    /// The same, and then every channel is standardized once more inside each window, as the
    /// seventh place of G-Research's competition did.
    Window,
    /// By the mean and the standard deviation of all coins' training rows together: what tells the
    /// coins apart stays. For features that compare between coins.
    Pooled,
}

/// What of the training rows makes a feature comparable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NormalizeMethod {
    /// Mean and standard deviation: a feature is how many deviations it is from its mean.
    #[default]
    MeanStd,
    /// Ranks: a feature becomes the value of a standard normal distribution that has as many values
    /// below it as the feature has in the training rows, by their 101 quantiles. Outliers and skewed
    /// features lose their size and keep their order. A value beyond all of training is 5.2 from 0.
    Rank,
}

impl NormalizeMethod {
    /// Returns true for what is not written, so that the configs of older runs stay the same.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What targets are divided by while training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetScale {
    /// Each coin's own standard deviation.
    Coin,
    /// One standard deviation for all coins.
    Pooled,
    /// Each coin's volatility of the last `normalize.trailing` at that row.
    Trailing,
}

/// Fewer returns tell no volatility.
const LEAST_TRAILING_BARS: usize = 8;

/// A year of minutes: every live forecast reads as many candles.
const MOST_TRAILING_BARS: usize = 525_600;

impl NormalizeConfig {
    pub(crate) fn validate(&self, interval: Interval) -> Result<(), Error> {
        if self.target == TargetScale::Trailing {
            let range = (LEAST_TRAILING_BARS, MOST_TRAILING_BARS);
            self.trailing
                .check_bars("normalize.trailing", interval, range)?;
        }
        if !self.clip.is_finite() || self.clip <= 0.0 {
            return Err(Error::config(
                "normalize.clip",
                self.clip,
                "a number above 0",
            ));
        }
        Ok(())
    }
}

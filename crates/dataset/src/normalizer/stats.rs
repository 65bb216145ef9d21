//! The statistics of one coin.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::moments::{RunningMoments, target_moments};
use super::ranks::{FeatureKnots, are_knots};
use crate::{NormalizeConfig, TargetScale, Targets};

/// The statistics of one coin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoinStats {
    /// The coin.
    pub symbol: String,
    /// Observed training rows.
    pub rows: usize,
    /// Mean of each feature.
    pub mean: Vec<f32>,
    /// Standard deviation of each feature; 1 where a feature is constant.
    pub std: Vec<f32>,
    /// For `normalize.method = "rank"`: the coin's own quantiles of each feature, `[features][knots]`,
    /// unless those of all coins hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knots: FeatureKnots,
    /// Standard deviation of the target, `None` without training rows.
    pub target_std: Option<f32>,
    /// What targets are divided by while training and forecasts multiplied with.
    pub target_scale: f32,
    /// The same two of every further horizon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<TargetStats>,
}

/// The statistics of one coin's targets at one horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetStats {
    /// Standard deviation of the target, `None` without training rows.
    pub target_std: Option<f32>,
    /// What targets are divided by while training and forecasts multiplied with.
    pub target_scale: f32,
}

/// What is wrong where quantiles are none.
pub(super) const KNOTS_EXPECTED: &str =
    "knots are no quantiles, expected for each feature ascending numbers at 101 shares, or none";

impl CoinStats {
    /// Says which key has a value that no training of so many features writes.
    pub(super) fn validate(&self, features: usize) -> Result<(), String> {
        let wrong = |key: &str, found: &dyn std::fmt::Display, expected: &str| {
            Err(format!("{key} is {found}, expected {expected}"))
        };
        let is_positive = |value: f32| value.is_finite() && value > 0.0;
        let key = |name: &str| format!("{name} of {}", self.symbol);
        if !are_knots(&self.knots, features) {
            return Err(format!("{}: {KNOTS_EXPECTED}", self.symbol));
        }
        for (name, values) in [("mean", &self.mean), ("std", &self.std)] {
            if values.len() != features {
                let expected = format!("{}, one a feature", features);
                return wrong(
                    &format!("the number of entries in {}", key(name)),
                    &values.len(),
                    &expected,
                );
            }
        }
        if let Some(mean) = self.mean.iter().find(|mean| !mean.is_finite()) {
            return wrong(&key("mean"), mean, "finite numbers");
        }
        if let Some(std) = self.std.iter().find(|std| !is_positive(**std)) {
            return wrong(&key("std"), std, "numbers above 0");
        }
        let first = (self.target_std, self.target_scale);
        let further = self.further.iter();
        let further = further.map(|stats| (stats.target_std, stats.target_scale));
        for (std, scale) in std::iter::once(first).chain(further) {
            if let Some(std) = std.filter(|std| !is_positive(*std)) {
                return wrong(&key("target_std"), &std, "a number above 0");
            }
            if !is_positive(scale) {
                return wrong(&key("target_scale"), &scale, "a number above 0");
            }
        }
        Ok(())
    }
}

/// Standard deviation of each coin's targets at `rows`; `None` where there are none or they do not
/// vary.
pub fn target_std(targets: &Targets, rows: Range<usize>) -> Vec<Option<f32>> {
    let moments = target_moments(targets, rows).into_iter();
    moments.map(RunningMoments::known_std).collect()
}

/// Mean and standard deviation of each feature, in 32 bits.
pub(super) fn mean_and_std(features: &[RunningMoments]) -> (Vec<f32>, Vec<f32>) {
    let of = |moments: &RunningMoments| (moments.mean as f32, constant_is_one(moments.std()));
    features.iter().map(of).unzip()
}

/// What is divided by: 1 where nothing varies.
fn constant_is_one(std: f64) -> f32 {
    if std > 0.0 { std as f32 } else { 1.0 }
}

/// Standard deviation of each coin's targets at `rows`, and what they are divided by.
pub(super) fn target_stats(
    config: &NormalizeConfig,
    targets: &Targets,
    rows: Range<usize>,
) -> Vec<TargetStats> {
    let moments = target_moments(targets, rows);
    let pooled = (moments.iter()).fold(RunningMoments::default(), |pooled, of| pooled.joined(*of));
    let scale = |of: &RunningMoments| match config.target {
        TargetScale::Pooled => pooled.std() as f32,
        TargetScale::Coin | TargetScale::Trailing if of.std() > 0.0 => of.std() as f32,
        TargetScale::Coin | TargetScale::Trailing => 1.0,
    };
    let stats = |of: &RunningMoments| TargetStats {
        target_std: of.known_std(),
        target_scale: scale(of),
    };
    moments.iter().map(stats).collect()
}

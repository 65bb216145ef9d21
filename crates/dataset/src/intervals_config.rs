//! The `[intervals]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The `[intervals]` section: prediction intervals around forecasts, fitted to the errors of
/// out-of-sample forecasts of earlier folds. They are stored in the table and beside the model, and
/// `predict` prints them. The first fold has none, as no fold is before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IntervalsConfig {
    /// How wide intervals are.
    pub method: IntervalMethod,
    /// Shares of the targets that intervals should hold, each a whole number of percent, in
    /// ascending order: `[0.8, 0.95]` makes two intervals.
    pub coverage: Vec<f64>,
    /// With `intervals.method = "adaptive"`: by how much the coverage that is asked for changes
    /// after a day of misses alone, above 0 and at most 1. The method's authors take 0.005 for one
    /// series of days.
    pub step: f64,
}

/// How wide prediction intervals are, in units of the trailing volatility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IntervalMethod {
    /// There are none.
    Off,
    /// As wide as all but `1 - coverage` of the errors of earlier folds were: split conformal
    /// prediction, one width a fold.
    Split,
    /// The same, with the coverage that is asked for raised after days of many misses and lowered
    /// after days of few: adaptive conformal inference, one width a day (a bar, where that is
    /// longer).
    Adaptive,
}

impl Default for IntervalsConfig {
    fn default() -> Self {
        Self {
            method: IntervalMethod::Off,
            coverage: vec![0.9],
            step: 0.005,
        }
    }
}

impl IntervalsConfig {
    /// Returns true where every key has its default: then `run.toml` does not name the section.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The coverages in percent, as the columns `lower_P` and `upper_P` name them.
    pub fn percents(&self) -> Vec<u32> {
        let percent = |coverage: &f64| (coverage * 100.0).round() as u32;
        self.coverage.iter().map(percent).collect()
    }

    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        let is_whole = |coverage: &f64| {
            let percent = coverage * 100.0;
            (1.0..=99.0).contains(&percent) && (percent - percent.round()).abs() < 1e-6
        };
        let is_ascending = self.coverage.is_sorted_by(|low, high| low < high);
        if self.coverage.is_empty() || !is_ascending || !self.coverage.iter().all(is_whole) {
            return Err(Error::config(
                "intervals.coverage",
                format!("{:?}", self.coverage),
                "one or more shares from 0.01 to 0.99 in ascending order, each a whole number of \
                 percent, such as [0.8, 0.95]",
            ));
        }
        if !(self.step > 0.0 && self.step <= 1.0) {
            let expected = "a number above 0, and at most 1";
            return Err(Error::config("intervals.step", self.step, expected));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn with(coverage: &[f64], step: f64) -> IntervalsConfig {
        IntervalsConfig {
            coverage: coverage.to_vec(),
            step,
            ..IntervalsConfig::default()
        }
    }

    #[test]
    fn coverages_are_whole_percents_in_order() {
        let two = with(&[0.29, 0.95], 0.01);
        two.validate().unwrap();
        assert_eq!(two.percents(), [29, 95]);
        for coverage in [
            &[][..],
            &[0.0],
            &[1.0],
            &[0.905],
            &[0.9, 0.8],
            &[0.9, 0.9],
            &[f64::NAN],
        ] {
            let error = with(coverage, 0.01).validate().unwrap_err().to_string();
            assert!(error.starts_with("intervals.coverage = ["), "{error}");
        }
        for step in [0.0, -0.1, 1.1, f64::NAN] {
            let error = with(&[0.9], step).validate().unwrap_err().to_string();
            assert!(error.starts_with("intervals.step = "), "{error}");
        }
    }
}

//! What a metric returns.

use statistics::{MetricDraws, minus, percentile_interval};

use crate::metrics::value::Value;

/// What a metric is of one sample, with the draws that its interval is read off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estimate {
    /// None where it is undefined.
    pub value: Option<f64>,
    /// The value in units of its standard error.
    pub t: Option<f64>,
    pub(crate) folds: Vec<Option<f64>>,
    pub(crate) draws: Option<Vec<f64>>,
}

impl Estimate {
    /// A value without an interval.
    pub fn point(value: Option<f64>) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }

    /// The same with another value for each: of the estimate, of its folds and of its draws.
    pub fn map(self, of: impl Fn(f64) -> f64) -> Self {
        Self {
            value: self.value.map(&of),
            t: self.t,
            folds: (self.folds.into_iter()).map(|fold| fold.map(&of)).collect(),
            draws: (self.draws).map(|draws| draws.into_iter().map(&of).collect()),
        }
    }

    /// The same of another forecaster taken from this, draw by draw.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        let draws = self.draws.as_ref().zip(other.draws.as_ref());
        Self {
            value: self.value.zip(other.value).map(|(a, b)| a - b),
            t: None,
            folds: minus(&self.folds, &other.folds),
            draws: draws.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect()),
        }
    }

    /// The mean of several, fold by fold and draw by draw; undefined where one of them is.
    pub(crate) fn mean_of(all: &[Self]) -> Self {
        let Some(first) = all.first() else {
            return Self::default();
        };
        let count = all.len() as f64;
        let mean = |of: &dyn Fn(&Self) -> Option<f64>| {
            let sum: Option<f64> = all.iter().map(of).sum();
            sum.map(|sum| sum / count)
        };
        let folds = (0..first.folds.len())
            .map(|fold| mean(&|one: &Self| one.folds.get(fold).copied().flatten()));
        let draw = |draw: usize| {
            let of = |one: &Self| one.draws.as_ref()?.get(draw).copied();
            mean(&of).unwrap_or(f64::NAN)
        };
        Self {
            value: mean(&|one: &Self| one.value),
            t: None,
            folds: folds.collect(),
            draws: (first.draws.as_ref()).map(|draws| (0..draws.len()).map(draw).collect()),
        }
    }

    pub(crate) fn resampled(value: Option<f64>, resampled: Option<MetricDraws>) -> Self {
        let (folds, draws) = resampled.map_or_else(
            || (Vec::new(), None),
            |resampled| (resampled.folds, resampled.draws),
        );
        Self {
            value,
            t: None,
            folds,
            draws,
        }
    }

    /// The value with its interval.
    pub(crate) fn summary(&self, confidence: f64) -> Value {
        let draws = self.draws.as_deref().filter(|_| self.value.is_some());
        Value {
            value: self.value,
            interval: draws.and_then(|draws| percentile_interval(draws, confidence)),
            t: self.t,
        }
    }
}

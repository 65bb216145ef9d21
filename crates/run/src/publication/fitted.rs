//! What a forecast of a logarithm is published as, as a run keeps it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::TimeSpan;
use serde::{Deserialize, Serialize};
use statistics::ResidualDistribution;
use storage::write_atomically;

use crate::PredictionInterval;

/// The shares of the targets that published intervals should hold.
pub(super) const COVERAGES: [f64; 2] = [0.8, 0.95];

/// What the forecasts of one horizon are published as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// How far ahead the target looks.
    pub horizon: TimeSpan,
    /// In order of time; each step holds until the next one begins.
    pub steps: Vec<PublicationStep>,
}

/// What forecasts from one time on are published as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationStep {
    /// Open time of the first candle at which it holds, UTC ms. All that it is fitted to is known
    /// before it, with the reach of the targets and the embargo.
    pub from_ms: i64,
    /// Mean of exp(e) over the residuals e; 1 where there are none, or the forecaster is published
    /// as it is.
    pub volatility_factor: f64,
    /// Mean of exp(2e), or 1.
    pub variance_factor: f64,
    /// Residuals of forecasts of rows that the model had not seen, in logarithms, ascending.
    pub residuals: Vec<f64>,
    /// Names of the regimes, from low to high.
    pub classes: Vec<String>,
    /// Where one regime ends and the next begins, in logarithms, of a coin without edges of its
    /// own.
    pub pooled_edges: Vec<f64>,
    /// The same of each coin.
    pub edges: BTreeMap<String, Vec<f64>>,
}

/// What one forecast says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedVolatility {
    /// Expected volatility per day.
    pub volatility: f64,
    /// Expected variance per day.
    pub variance: f64,
    /// Prediction intervals, in logarithms; empty where no residuals are known.
    pub intervals: Vec<PredictionInterval>,
    /// Where one regime ends and the next begins, in logarithms; empty where no training row has a
    /// target.
    pub edges: Vec<f64>,
    /// Probability of each regime, from low to high; empty where they are not known.
    pub probabilities: Vec<(String, f64)>,
}

/// What one forecast says, as numbers alone.
pub(super) struct PublishedNumbers<'a> {
    pub volatility: f64,
    pub variance: f64,
    /// Lower and upper bound of each of [`COVERAGES`]; None where no residuals are known.
    pub bounds: [Option<[f64; 2]>; 2],
    pub edges: &'a [f64],
    /// Of each regime, from low to high; empty where they are not known.
    pub probabilities: Vec<f64>,
}

impl PublishedVolatility {
    /// What a forecast says of which no residuals are known.
    pub fn as_it_is(forecast: f64) -> Self {
        Self {
            volatility: forecast.exp(),
            variance: (2.0 * forecast).exp(),
            intervals: Vec::new(),
            edges: Vec::new(),
            probabilities: Vec::new(),
        }
    }

    /// The same with the probabilities of a forecaster that learns the classes itself, one a class;
    /// unchanged where it has none, and where no probabilities are published.
    pub fn with_own_classes(mut self, own: Option<&[f64]>) -> Self {
        if let Some(own) = own.filter(|own| own.len() == self.probabilities.len()) {
            let pairs = self.probabilities.iter_mut().zip(own);
            pairs.for_each(|((_, probability), own)| *probability = *own);
        }
        self
    }
}

impl Publication {
    /// The step that holds at `time_ms`, the open time of a forecast's last candle.
    pub fn step_at(&self, time_ms: i64) -> Option<&PublicationStep> {
        let begun = self.steps.partition_point(|step| step.from_ms <= time_ms);
        self.steps.get(begun.checked_sub(1)?)
    }
}

impl PublicationStep {
    /// What a forecast of a coin says, which is the logarithm of a volatility per day.
    /// `residuals` are those of the step.
    fn publish(
        &self,
        residuals: Option<&ResidualDistribution>,
        symbol: &str,
        forecast: f64,
    ) -> PublishedVolatility {
        let numbers = self.numbers(residuals, symbol, forecast);
        let intervals = COVERAGES.into_iter().zip(numbers.bounds);
        PublishedVolatility {
            volatility: numbers.volatility,
            variance: numbers.variance,
            intervals: intervals
                .filter_map(|(coverage, bounds)| {
                    let [lower, upper] = bounds?;
                    Some(PredictionInterval {
                        coverage,
                        lower,
                        upper,
                    })
                })
                .collect(),
            edges: numbers.edges.to_vec(),
            probabilities: self
                .classes
                .iter()
                .cloned()
                .zip(numbers.probabilities)
                .collect(),
        }
    }

    /// The numbers of what a forecast of a coin says; `residuals` are those of the step.
    pub(super) fn numbers(
        &self,
        residuals: Option<&ResidualDistribution>,
        symbol: &str,
        forecast: f64,
    ) -> PublishedNumbers<'_> {
        let edges = self.edges.get(symbol).unwrap_or(&self.pooled_edges);
        let bounds = |coverage: f64| {
            let outside = (1.0 - coverage) / 2.0;
            let residuals = residuals?;
            let bound = |share: f64| forecast + residuals.quantile(share);
            Some([bound(outside), bound(1.0 - outside)])
        };
        PublishedNumbers {
            volatility: forecast.exp() * self.volatility_factor,
            variance: (2.0 * forecast).exp() * self.variance_factor,
            bounds: COVERAGES.map(bounds),
            edges,
            probabilities: match residuals {
                Some(residuals) if !edges.is_empty() => {
                    residuals.class_probabilities(forecast, edges)
                }
                _ => Vec::new(),
            },
        }
    }

    /// The residuals as a distribution; None where there are none.
    pub(super) fn distribution(&self) -> Option<ResidualDistribution> {
        ResidualDistribution::new(self.residuals.clone())
    }

    /// What the forecasts of all coins say, by coin and forecast.
    pub fn publish_all(&self, forecasts: &[(&str, f64)]) -> Vec<PublishedVolatility> {
        let residuals = self.distribution();
        let publish = |&(symbol, forecast)| self.publish(residuals.as_ref(), symbol, forecast);
        forecasts.iter().map(publish).collect()
    }
}

impl PublicationStep {
    /// The probability that the volatility per day is above `level`, of each forecast; None where no
    /// residuals are known.
    pub fn probabilities_above(&self, forecasts: &[f64], level: f64) -> Option<Vec<f64>> {
        let residuals = self.distribution()?;
        let above = |forecast: &f64| 1.0 - residuals.cdf(level.ln() - forecast);
        Some(forecasts.iter().map(above).collect())
    }
}

/// The publications of all horizons: the content of `publication.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedPublications {
    pub horizons: Vec<Publication>,
}

impl SavedPublications {
    /// The file's name in the folder of the run, and of each of its folds.
    pub const FILE: &str = "publication.json";

    /// Writes the file into a folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string(self)? + "\n";
        Ok(write_atomically(&folder.join(Self::FILE), text.as_bytes())?)
    }

    /// The publication of one horizon, from the file in `folder`.
    ///
    /// # Errors
    /// A file that is missing or broken, or lacks the horizon.
    pub fn read(folder: &Path, horizon: TimeSpan) -> anyhow::Result<Publication> {
        let path = folder.join(Self::FILE);
        let hint =
            "`--resume`, or the command that made the run, joins its folds again and writes it";
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .hint(hint)?;
        let saved: Self = serde_json::from_str(&text)
            .with_context(|| format!("{}: not what a volatility is published as", path.display()))
            .hint(hint)?;
        let mut horizons = saved.horizons.into_iter();
        let found = horizons.find(|publication| publication.horizon == horizon);
        let found = found.filter(|publication| {
            let steps = &publication.steps;
            steps.is_sorted_by(|one, next| one.from_ms < next.from_ms)
                && steps.iter().all(PublicationStep::is_sound)
        });
        found.ok_or_else(|| {
            anyhow!(
                "{}: no sound publication of horizon {horizon}, expected steps in order of time \
                 with factors above 0 and an edge between each two classes",
                path.display()
            )
            .hint(hint)
        })
    }
}

impl PublicationStep {
    /// Returns false for what no run wrote.
    fn is_sound(&self) -> bool {
        let is_factor = |factor: f64| factor.is_finite() && factor > 0.0;
        let are_edges = |edges: &Vec<f64>| {
            edges.is_empty()
                || (edges.len() + 1 == self.classes.len()
                    && edges.is_sorted()
                    && edges.iter().all(|edge| edge.is_finite()))
        };
        is_factor(self.volatility_factor)
            && is_factor(self.variance_factor)
            && self.residuals.iter().all(|residual| residual.is_finite())
            && are_edges(&self.pooled_edges)
            && self.edges.values().all(are_edges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A forecast of 4 % a day whose residuals are ln of 1/4, 1/2, 1 and 2: 1, 2, 4 and 8 % are equally
    /// probable.
    #[test]
    fn a_volatility_is_above_a_level_as_often_as_residuals_are() {
        let step = |residuals: Vec<f64>| PublicationStep {
            from_ms: 0,
            volatility_factor: 1.0,
            variance_factor: 1.0,
            residuals,
            classes: Vec::new(),
            pooled_edges: Vec::new(),
            edges: BTreeMap::new(),
        };
        let known = step([0.25_f64, 0.5, 1.0, 2.0].map(f64::ln).to_vec());
        let forecasts = [0.04_f64.ln(), 0.4_f64.ln()];
        for (level, expected) in [(0.03, 0.5), (0.05, 0.25), (0.09, 0.0)] {
            let found = known.probabilities_above(&forecasts, level);
            assert_eq!(found, Some(vec![expected, 1.0]), "{level}");
        }
        assert_eq!(step(Vec::new()).probabilities_above(&forecasts, 0.05), None);
    }
}

//! Why a forecast is what it is.

use serde::Serialize;

/// How it is told what pushed a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationMethod {
    /// SHAP values of trees; they add up.
    Shap,
    /// Coefficient times feature of a regression; they add up.
    Linear,
    /// Weight times forecast of each member of an ensemble; they add up.
    Members,
    /// What the forecast loses where a group of a network's features is at its mean of training. Groups
    /// act together, so that their parts need not add up.
    Occlusion,
}

/// What pushed one forecast of one coin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// How it is told.
    pub method: ExplanationMethod,
    /// What is explained: `forecast`, or what it is made of where that is no sum.
    pub of: String,
    /// What it would be if no feature said anything.
    pub base: f64,
    /// What each feature, group of features or member added.
    pub contributions: Vec<Contribution>,
}

/// What one feature added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// The feature, group or member.
    pub name: String,
    /// Its value; None of a group, and where it is unknown.
    pub value: Option<f64>,
    /// What it added, in the unit of what is explained.
    pub added: f64,
}

impl Contribution {
    /// What a feature of this value added.
    pub fn new(name: impl Into<String>, value: f64, added: f64) -> Self {
        Self {
            name: name.into(),
            value: Some(value).filter(|value| value.is_finite()),
            added,
        }
    }
}

impl Explanation {
    /// What [`Explanation::of`] says of forecasts themselves.
    pub const FORECAST: &str = "forecast";

    /// An explanation of the forecast itself.
    pub fn of_forecast(
        method: ExplanationMethod,
        base: f64,
        contributions: Vec<Contribution>,
    ) -> Self {
        Self {
            method,
            of: Self::FORECAST.to_owned(),
            base,
            contributions,
        }
    }

    /// Base and contributions together.
    pub fn sum(&self) -> f64 {
        let added = self.contributions.iter().map(|one| one.added);
        self.base + added.sum::<f64>()
    }

    /// Whether base and contributions are what is explained, but for rounding.
    pub fn adds_up(&self) -> bool {
        self.method != ExplanationMethod::Occlusion
    }

    /// The same with the largest contributions first.
    pub fn ranked(mut self) -> Self {
        self.contributions
            .sort_by(|one, other| other.added.abs().total_cmp(&one.added.abs()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contributions_add_up_and_the_largest_come_first() {
        let contributions = vec![
            Contribution::new("small", f64::NAN, 0.25),
            Contribution::new("large", 3.0, -1.0),
        ];
        let method = ExplanationMethod::Linear;
        let found = Explanation::of_forecast(method, 0.5, contributions).ranked();
        assert_eq!(found.sum(), -0.25);
        assert_eq!(found.contributions[0].name, "large");
        assert_eq!(found.contributions[1].value, None);
        assert!(found.adds_up());
    }
}

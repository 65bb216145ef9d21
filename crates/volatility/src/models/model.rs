//! What all models have in common.

use std::fmt::Debug;

use dataset::{Config, Control};
use run::Explanation;

use crate::observations::Observations;
use crate::terms::{self, Term};
use crate::training::Training;
use crate::{Error, GarchOptions, Parameters};

/// A classical model of volatility: one file in `models/` and a line in the list.
///
/// Its forecasts are of the logarithm of volatility per day.
pub(crate) trait Model: Debug + Send + Sync {
    /// What it is and where it comes from, in whole sentences.
    fn description(&self) -> &'static str;

    /// Whether its forecasts are published with the factors that its residuals ask for; a control is
    /// published as it is.
    fn is_corrected(&self) -> bool {
        true
    }

    /// The names of the numbers that all coins share, in their order.
    fn coefficients(&self) -> Vec<String> {
        Vec::new()
    }

    /// The terms that it is made of.
    fn terms(&self) -> Vec<Term> {
        Vec::new()
    }

    /// Whether a forecast is a function of its terms alone, and a sum of them.
    fn is_linear(&self) -> bool {
        false
    }

    /// How many bars up to t its forecast at t looks at, beside those that its terms do.
    fn history_bars(&self) -> usize {
        1
    }

    /// Fits it to what is known.
    ///
    /// # Errors
    /// Too few rows.
    fn fit(&self, training: &Training<'_>) -> Result<Parameters, Error>;

    /// The forecasts of all coins at some rows, `[rows, coins]`; NaN where there is none. `from_ms` is
    /// the open time of the last candle that the fit knew.
    fn forecast(
        &self,
        fitted: (&Parameters, i64),
        seen: &Observations<'_>,
        rows: &[usize],
    ) -> Vec<f64>;

    /// What pushed the forecasts of all coins at a row, None for a coin without one; None as a whole of a
    /// model that is no sum of its terms.
    fn explain(
        &self,
        _fitted: &Parameters,
        _seen: &Observations<'_>,
        _row: usize,
    ) -> Option<Vec<Option<Explanation>>> {
        None
    }
}

/// What a model is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModelSettings<'a> {
    /// The terms that are named; none is the model's own choice.
    pub terms: &'a [String],
    pub garch: &'a GarchOptions,
    pub config: &'a Config,
}

impl ModelSettings<'_> {
    /// The terms that are named, or else these.
    pub fn terms_or(&self, otherwise: &[Term]) -> Vec<Term> {
        if self.terms.is_empty() {
            return otherwise.to_vec();
        }
        let named = self.terms.iter();
        named.filter_map(|name| terms::named(name)).collect()
    }

    /// The target's control of that name.
    pub fn control(&self, name: &str) -> Option<Control> {
        let target = self.config.target.init(self.config.data.interval);
        let mut controls = target.controls().into_iter();
        controls.find(|control| control.column.name == name)
    }
}

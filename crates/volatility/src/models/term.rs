//! A term as a forecast.

use super::model::{Model, ModelSettings};
use crate::observations::Observations;
use crate::terms::{LRV7, Term};
use crate::training::Training;
use crate::{Error, Parameters};

/// The model.
pub(crate) fn init(settings: &ModelSettings<'_>) -> Box<dyn Model> {
    let terms = settings.terms_or(&[LRV7]);
    Box::new(AsTerm(terms.first().copied().unwrap_or(LRV7)))
}

/// The logarithm of a past volatility, as it is.
#[derive(Debug)]
struct AsTerm(Term);

impl Model for AsTerm {
    fn description(&self) -> &'static str {
        "One past volatility, as it is: the term that `volatility.terms` names, or that of the last 7 days."
    }

    fn is_corrected(&self) -> bool {
        false
    }

    fn terms(&self) -> Vec<Term> {
        vec![self.0]
    }

    fn fit(&self, _: &Training<'_>) -> Result<Parameters, Error> {
        Ok(Parameters::default())
    }

    fn forecast(&self, _: (&Parameters, i64), seen: &Observations<'_>, rows: &[usize]) -> Vec<f64> {
        let of_row =
            |&row: &usize| (0..seen.coins()).map(move |coin| seen.term(&self.0, (row, coin)));
        rows.iter().flat_map(of_row).collect()
    }
}

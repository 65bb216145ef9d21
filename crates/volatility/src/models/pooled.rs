//! A linear regression of all coins together.

use statistics::{NormalEquations, least_squares};

use super::model::Model;
use crate::observations::{Observations, TermReader};
use crate::terms::Term;
use crate::training::Training;
use crate::{Coefficient, Error, Parameters};

/// The least volatility per day that a model of the level may forecast.
const LEAST_LEVEL: f64 = 1e-3;

/// A name of the coefficient that multiplies nothing.
pub(super) const CONSTANT: &str = "constant";

/// Least squares of all coins and rows alike, with a constant.
#[derive(Debug, Clone)]
pub(super) struct Pooled {
    pub description: &'static str,
    pub terms: Vec<Term>,
    pub scale: Scale,
}

/// What is regressed on the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// The logarithm of volatility.
    Log,
    /// Volatility itself; its forecasts are floored before their logarithm is taken.
    Level,
}

impl Pooled {
    /// Writes the constant and the terms; false where one is unknown.
    fn values(terms: &TermReader<'_>, at: (usize, usize), out: &mut [f64]) -> bool {
        out[0] = 1.0;
        terms.read(at, &mut out[1..])
    }

    /// The forecast of a coin at a row, of the model's own terms; NaN where one is unknown. `values` has room
    /// for the constant and the terms.
    pub fn at(
        &self,
        coefficients: &[f64],
        terms: &TermReader<'_>,
        at: (usize, usize),
        values: &mut [f64],
    ) -> f64 {
        if !Self::values(terms, at, values) {
            return f64::NAN;
        }
        let sum = values.iter().zip(coefficients).map(|(v, c)| v * c).sum();
        match self.scale {
            Scale::Log => sum,
            Scale::Level => f64::max(sum, LEAST_LEVEL).ln(),
        }
    }
}

impl Model for Pooled {
    fn description(&self) -> &'static str {
        self.description
    }

    fn coefficients(&self) -> Vec<String> {
        let terms = self.terms.iter().map(|term| term.name);
        [CONSTANT]
            .into_iter()
            .chain(terms)
            .map(str::to_owned)
            .collect()
    }

    fn terms(&self) -> Vec<Term> {
        self.terms.clone()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Parameters, Error> {
        let mut values = vec![0.0; self.terms.len() + 1];
        let terms = training.seen.reader(&self.terms);
        let mut of_day = |rows: &[crate::training::RowCoins]| {
            let mut sums = NormalEquations::new(values.len());
            for (row, coin) in rows.iter().flat_map(|row| row.cells()) {
                let target = training.targets.value(row, coin);
                if Self::values(&terms, (row, coin), &mut values) {
                    sums.add(
                        &values,
                        match self.scale {
                            Scale::Log => target,
                            Scale::Level => target.exp(),
                        },
                    );
                }
            }
            sums
        };
        let days: Vec<NormalEquations> = training.days().map(&mut of_day).collect();
        let fit = least_squares(&days).ok_or_else(|| training.too_few(values.len()))?;
        Ok(Parameters {
            shared: Coefficient::of_fit(self.coefficients(), &fit),
            ..Parameters::default()
        })
    }

    fn forecast(
        &self,
        (parameters, _): (&Parameters, i64),
        seen: &Observations<'_>,
        rows: &[usize],
    ) -> Vec<f64> {
        let coefficients = parameters.values();
        let terms = seen.reader(&self.terms);
        let mut values = vec![0.0; self.terms.len() + 1];
        let at = |row: usize| (0..seen.coins()).map(move |coin| (row, coin));
        let cells = rows.iter().flat_map(|&row| at(row));
        cells
            .map(|at| self.at(&coefficients, &terms, at, &mut values))
            .collect()
    }
}

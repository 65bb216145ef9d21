//! The coin's own mean: a control.

use market::Symbol;

use super::model::{Model, ModelSettings};
use crate::observations::Observations;
use crate::training::Training;
use crate::{Coefficient, Error, Parameters};

/// The model.
pub(crate) fn init(_: &ModelSettings<'_>) -> Box<dyn Model> {
    Box::new(CoinMean)
}

/// The mean of a coin's targets in the training rows; that of all coins for one without any.
#[derive(Debug)]
struct CoinMean;

impl Model for CoinMean {
    fn description(&self) -> &'static str {
        "The mean of the coin's log volatility in the training rows, or that of all coins for a coin without any: what \
         knowing the coin alone is worth."
    }

    fn coefficients(&self) -> Vec<String> {
        vec!["mean".to_owned()]
    }

    fn fit(&self, training: &Training<'_>) -> Result<Parameters, Error> {
        let mut sums = vec![(0.0, 0.0); training.seen.coins()];
        for (row, coin) in training.rows.iter().flat_map(|row| row.cells()) {
            sums[coin].0 += training.targets.value(row, coin);
            sums[coin].1 += 1.0;
        }
        let add = |a: (f64, f64), b: &(f64, f64)| (a.0 + b.0, a.1 + b.1);
        let (sum, count) = sums.iter().fold((0.0, 0.0), add);
        if count == 0.0 {
            return Err(training.too_few(1));
        }
        let mut parameters = Parameters {
            shared: vec![Coefficient {
                name: "mean".to_owned(),
                value: sum / count,
                error: None,
            }],
            ..Parameters::default()
        };
        for (symbol, (sum, count)) in training.seen.panel().symbols().iter().zip(sums) {
            if count > 0.0 {
                parameters.set_coin(symbol, &(sum / count));
            }
        }
        Ok(parameters)
    }

    fn forecast(
        &self,
        (parameters, _): (&Parameters, i64),
        seen: &Observations<'_>,
        rows: &[usize],
    ) -> Vec<f64> {
        let of_all = parameters.values().first().copied().unwrap_or(f64::NAN);
        let of_coin = |symbol: &Symbol| parameters.coin::<f64>(symbol).unwrap_or(of_all);
        let row: Vec<f64> = seen.panel().symbols().iter().map(of_coin).collect();
        row.repeat(rows.len())
    }
}

//! The numbers of a fitted model.

use std::collections::BTreeMap;

use market::Symbol;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use statistics::LeastSquares;

/// The numbers of a fitted model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Those that all coins share, in the model's order.
    pub shared: Vec<Coefficient>,
    /// What was fitted to a coin alone, by its symbol, as the model writes it.
    pub coins: BTreeMap<String, Value>,
    /// How many coins the model could not be fitted to, by the reason.
    pub unfitted: BTreeMap<String, usize>,
}

/// A number that all coins share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// What it multiplies.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Its standard error, the rows of a day taken together; None where it is not known.
    pub error: Option<f64>,
}

impl Coefficient {
    /// Names with what was fitted to them.
    pub(crate) fn of_fit(names: impl IntoIterator<Item = String>, fit: &LeastSquares) -> Vec<Self> {
        let numbers = fit.coefficients.iter().zip(&fit.errors);
        let of = |(name, (&value, &error)): (String, (&f64, &f64))| Self {
            name,
            value,
            error: error.is_finite().then_some(error),
        };
        names.into_iter().zip(numbers).map(of).collect()
    }
}

impl Parameters {
    /// The values of the numbers that all coins share.
    pub fn values(&self) -> Vec<f64> {
        self.shared.iter().map(|number| number.value).collect()
    }

    /// Keeps what was fitted to a coin alone; a number that JSON cannot hold is not kept.
    pub(crate) fn set_coin(&mut self, symbol: &Symbol, fitted: &impl Serialize) {
        if let Ok(value) = serde_json::to_value(fitted) {
            self.coins.insert(symbol.to_string(), value);
        }
    }

    /// What was fitted to a coin alone; None where nothing was.
    pub(crate) fn coin<T: DeserializeOwned>(&self, symbol: &Symbol) -> Option<T> {
        let value = self.coins.get(symbol.as_str())?;
        T::deserialize(value).ok()
    }
}

//! Prediction intervals on the rows that are scored.

use crate::error::Error;
use crate::rows::Rows;

/// The prediction intervals of one forecaster, one for each of the [`Rows`].
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionIntervals {
    /// The forecaster.
    pub name: String,
    /// The run it comes from; none for a control.
    pub run: Option<String>,
    /// Share of what is realized that the intervals should hold.
    pub nominal: f64,
    /// The lower bound of every row; NaN where there is no interval.
    pub lower: Vec<f64>,
    /// The upper bound of every row; NaN where there is no interval.
    pub upper: Vec<f64>,
}

impl PredictionIntervals {
    /// Refuses bounds that are not one a row, or cross.
    pub(crate) fn check(&self, rows: &Rows) -> Result<(), Error> {
        let Self {
            name, lower, upper, ..
        } = self;
        for (bound, values) in [("lower", lower), ("upper", upper)] {
            if values.len() != rows.len() {
                return Err(Error::Length {
                    column: format!("{bound} bound of {name}"),
                    found: values.len(),
                    expected: rows.len(),
                });
            }
        }
        match lower
            .iter()
            .zip(upper)
            .position(|(lower, upper)| lower > upper)
        {
            None => Ok(()),
            Some(row) => {
                let column = format!("lower bound of {name}");
                Err(rows.value(&column, row, lower[row], "at most the upper bound"))
            }
        }
    }
}

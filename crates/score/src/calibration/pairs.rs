//! Forecasts with the returns that followed them, as lines are fitted to them.

use serde::Serialize;
use statistics::timestamp_groups;

use crate::rows::Rows;

/// Which part of forecasts and returns is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnPart {
    /// Both minus their mean over the coins of that time.
    Own,
    /// Both as they are.
    Whole,
}

impl ReturnPart {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Own, Self::Whole];

    /// The values of this part, one a row; the mean is over what is known, and unknown values stay
    /// NaN.
    pub fn of(self, rows: &Rows, values: &[f64]) -> Vec<f64> {
        let mut values = values.to_vec();
        if self == Self::Own {
            for time in timestamp_groups(&rows.time_ms) {
                let group = &mut values[time];
                let known = || group.iter().filter(|value| value.is_finite());
                let mean = known().sum::<f64>() / known().count() as f64;
                group.iter_mut().for_each(|value| *value -= mean);
            }
        }
        values
    }
}

/// A part of the forecasts and of the returns that are entered a bar later, one value a row.
pub(super) struct Pairs {
    pub forecast: Vec<f64>,
    /// NaN where it is not known.
    pub realized: Vec<f64>,
}

impl Pairs {
    pub fn new(rows: &Rows, forecast: &[f64], part: ReturnPart) -> Self {
        Self {
            forecast: part.of(rows, forecast),
            realized: part.of(rows, &rows.realized_delayed),
        }
    }
}

//! The versions of the pooled correlation that stand beside the plain one.

use statistics::{RowSpans, are_equal, neutralize};

use crate::rows::Rows;

/// Which two columns are correlated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variant {
    /// Forecast and realized as they are.
    Raw,
    /// Both divided by the coin's training volatility.
    Scaled,
    /// Both minus their mean over coins at the timestamp.
    Neutral,
    /// Against what is realized with entry one bar later.
    Delayed,
    /// Against the same, both sides market-neutral.
    DelayedNeutral,
}

impl Variant {
    pub const ALL: [Self; 5] = [
        Self::Raw,
        Self::Scaled,
        Self::Neutral,
        Self::Delayed,
        Self::DelayedNeutral,
    ];

    /// The two columns of this version for one forecast (one value a row); a row it leaves out is
    /// NaN on a side.
    pub fn columns(self, rows: &Rows, spans: &RowSpans, forecast: &[f64]) -> (Vec<f64>, Vec<f64>) {
        match self {
            Self::Raw => (forecast.to_vec(), rows.realized.clone()),
            // A constant divided by volatilities would be a score of these.
            Self::Scaled if are_equal(forecast) => {
                (vec![f64::NAN; forecast.len()], rows.realized.clone())
            }
            Self::Scaled => (
                quotients(forecast, &rows.volatility),
                quotients(&rows.realized, &rows.volatility),
            ),
            Self::Neutral => neutralize(&spans.times, forecast, &rows.realized),
            Self::Delayed => (forecast.to_vec(), rows.realized_delayed.clone()),
            Self::DelayedNeutral => neutralize(&spans.times, forecast, &rows.realized_delayed),
        }
    }
}

fn quotients(values: &[f64], divisors: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(divisors)
        .map(|(value, divisor)| value / divisor)
        .collect()
}

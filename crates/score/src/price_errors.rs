//! Forecasts of returns as forecasts of prices: close x (1 + forecast), against close x (1 +
//! realized).

use statistics::{mean, quantile};

use crate::metrics::Sample;

/// Errors in parts of the price that came, row by row.
pub(crate) struct RelativeErrors<'a> {
    closes: &'a [f64],
    forecast: &'a [f64],
    realized: &'a [f64],
}

impl<'a> RelativeErrors<'a> {
    /// None where forecasts are not scored as prices.
    pub fn new(sample: &Sample<'a>) -> Option<Self> {
        Some(Self {
            closes: sample.closes()?,
            forecast: sample.forecast(),
            realized: &sample.rows().realized,
        })
    }

    /// The row's error, and that of the last price. The close cancels out. None where it is unknown
    /// or the price fell to 0.
    pub fn at(&self, row: usize) -> Option<[f64; 2]> {
        let (forecast, realized) = self.known(row)?;
        let errors = [(forecast - realized).abs(), realized.abs()];
        Some(errors.map(|error| error / (1.0 + realized)))
    }

    /// The row's error in parts of the mean of the price forecast and the price that came.
    pub fn symmetric(&self, row: usize) -> Option<f64> {
        let (forecast, realized) = self.known(row)?;
        Some(2.0 * (forecast - realized).abs() / (2.0 + forecast + realized))
    }

    fn known(&self, row: usize) -> Option<(f64, f64)> {
        let (forecast, realized) = (self.forecast[row], self.realized[row]);
        (self.closes[row] > 0.0 && realized > -1.0).then_some((forecast, realized))
    }
}

/// What `of` says of each coin's prices: those forecast and those that came. None where forecasts are
/// not scored as prices, or no coin has a value.
pub(crate) fn of_coins(
    sample: &Sample<'_>,
    of: impl Fn(&[f64], &[f64]) -> Option<f64>,
) -> Option<Vec<f64>> {
    let (closes, rows) = (sample.closes()?, sample.rows());
    let of_coin = |coin: &Vec<usize>| {
        let known = || coin.iter().filter(|row| closes[**row] > 0.0);
        let prices = |returns: &[f64]| -> Vec<f64> {
            known()
                .map(|&row| closes[row] * (1.0 + returns[row]))
                .collect()
        };
        of(&prices(sample.forecast()), &prices(&rows.realized))
    };
    let coins: Vec<f64> = sample.coins().iter().filter_map(of_coin).collect();
    (!coins.is_empty()).then_some(coins)
}

/// The median of values.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    quantile(&values, 0.5)
}

/// Share of the variance of what came that forecasts explain: 1 - squared errors / squared
/// deviations from the mean of what came. None where that did not vary.
pub(crate) fn r_squared(forecast: &[f64], realized: &[f64]) -> Option<f64> {
    let centre = mean(realized);
    let errors = forecast.iter().zip(realized);
    let errors: f64 = errors.map(|(a, b)| (a - b).powi(2)).sum();
    let deviations: f64 = realized.iter().map(|value| (value - centre).powi(2)).sum();
    let share = 1.0 - errors / deviations;
    share.is_finite().then_some(share)
}

//! Sharpe ratio, Sortino ratio and drawdown of a series of returns, as the Python package
//! `empyrical` defines them.
//!
//! Returns are plain fractions (0.01 is 1 %), one a period, in order of time. The risk-free return
//! is 0.

use crate::mean::mean;

/// Mean divided by standard deviation (of a sample: n - 1), times the root of `periods_per_year`; 1
/// leaves it per period.
///
/// NaN below two returns; infinite or NaN where all are equal.
///
/// # Examples
/// ```
/// let ratio = statistics::sharpe_ratio(&[0.01, 0.03], 1.0);
/// assert!((ratio - 0.02 / 0.0002_f64.sqrt()).abs() < 1e-12);
/// ```
pub fn sharpe_ratio(returns: &[f64], periods_per_year: f64) -> f64 {
    if returns.len() < 2 {
        return f64::NAN;
    }
    let moments = Moments::new(returns);
    moments.mean / moments.sample_std() * periods_per_year.sqrt()
}

/// The mean divided by the root mean square of the losses (0 where a return is a gain), times the
/// root of `periods_per_year`.
///
/// NaN below two returns; infinite where none is a loss.
pub fn sortino_ratio(returns: &[f64], periods_per_year: f64) -> f64 {
    if returns.len() < 2 {
        return f64::NAN;
    }
    let count = returns.len() as f64;
    let mean = mean(returns);
    let downside = (returns
        .iter()
        .map(|value| value.min(0.0).powi(2))
        .sum::<f64>()
        / count)
        .sqrt();
    mean / downside * periods_per_year.sqrt()
}

/// The deepest fall from a peak, as a fraction of the peak, of a capital that starts at 1 and that
/// each return is compounded on: 0 or below. NaN without returns.
///
/// # Examples
/// ```
/// assert!((statistics::max_drawdown(&[0.5, -0.2, -0.5, 0.1]) + 0.6).abs() < 1e-12);
/// ```
pub fn max_drawdown(returns: &[f64]) -> f64 {
    if returns.is_empty() {
        return f64::NAN;
    }
    let (mut capital, mut peak, mut deepest) = (1.0_f64, 1.0_f64, 0.0_f64);
    for value in returns {
        capital *= 1.0 + value;
        peak = peak.max(capital);
        deepest = deepest.min((capital - peak) / peak);
    }
    deepest
}

/// The shape of a sample, by its central moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Sums of the second, third and fourth powers of the deviations from the mean.
    powers: [f64; 3],
}

impl Moments {
    /// Of values of which there is at least one.
    pub fn new(values: &[f64]) -> Self {
        let mean = mean(values);
        let mut powers = [0.0; 3];
        for value in values {
            let deviation = value - mean;
            let square = deviation * deviation;
            for (sum, power) in powers
                .iter_mut()
                .zip([square, square * deviation, square * square])
            {
                *sum += power;
            }
        }
        Self {
            count: values.len(),
            mean,
            powers,
        }
    }

    /// Standard deviation of a sample (n - 1).
    pub fn sample_std(&self) -> f64 {
        (self.powers[0] / (self.count as f64 - 1.0)).sqrt()
    }

    /// Third standardized moment; 0 of a normal distribution.
    pub fn skewness(&self) -> f64 {
        self.standardized(1, 1.5)
    }

    /// Fourth standardized moment; 3 of a normal distribution.
    pub fn kurtosis(&self) -> f64 {
        self.standardized(2, 2.0)
    }

    fn standardized(&self, place: usize, exponent: f64) -> f64 {
        let count = self.count as f64;
        (self.powers[place] / count) / (self.powers[0] / count).powf(exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_returns_have_no_ratio() {
        assert!(sharpe_ratio(&[0.01], 365.0).is_nan());
        assert!(sortino_ratio(&[], 365.0).is_nan());
        assert!(max_drawdown(&[]).is_nan());
    }

    #[test]
    fn equal_profits_have_no_spread_however_many() {
        let moments = Moments::new(&vec![0.1; 100_003]);
        assert_eq!((moments.mean, moments.sample_std()), (0.1, 0.0));
        assert!(!sharpe_ratio(&vec![0.1; 100_003], 365.0).is_finite());
    }

    #[test]
    fn gains_alone_never_fall() {
        assert_eq!(max_drawdown(&[0.1, 0.2]), 0.0);
        assert_eq!(sortino_ratio(&[0.1, 0.2], 1.0), f64::INFINITY);
    }

    #[test]
    fn the_first_loss_counts_from_the_start() {
        assert!((max_drawdown(&[-0.1]) + 0.1).abs() < 1e-15);
    }
}

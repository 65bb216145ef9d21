//! Whether two forecasters have equal losses.

use crate::mean::mean;
use crate::student_t::student_t_p_value;

/// The outcome of a test of equal losses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EqualLosses {
    /// The mean difference in units of its standard error.
    pub t: f64,
    /// Probability of a mean as far from 0 or further where losses are equal.
    pub p: f64,
}

/// Diebold and Mariano's test that forecasts of `steps` bars ahead have equal losses
/// ("Comparing Predictive Accuracy", JBES 13, 1995): `differences` are the losses of one forecaster
/// minus those of the other, one a time, in order.
///
/// The variance of the mean allows for the overlap of the targets: autocovariances up to twice the
/// overlap have the weights of Newey and West (1987), which keep it above 0; up to the overlap
/// alone, a third of the covariance of neighbours would be lost. It is corrected for few times as by
/// Harvey, Leybourne and Newbold (1997), and compared with Student's t of n - 1 degrees of freedom.
///
/// None where there are fewer than three times, or no more than `steps`, or the differences are
/// equal.
pub fn diebold_mariano(differences: &[f64], steps: usize) -> Option<EqualLosses> {
    let count = differences.len();
    if count < 3 || count <= steps || steps == 0 {
        return None;
    }
    let (n, h) = (count as f64, steps as f64);
    let mean = mean(differences);
    let centred: Vec<f64> = differences.iter().map(|value| value - mean).collect();
    let covariance = |lag: usize| -> f64 {
        let pairs = centred.iter().zip(centred.iter().skip(lag));
        pairs.map(|(a, b)| a * b).sum::<f64>() / n
    };
    let lags = (2 * (steps - 1)).min(count - 1);
    let weighted = |lag: usize| (1.0 - lag as f64 / (lags as f64 + 1.0)) * covariance(lag);
    let variance = covariance(0) + 2.0 * (1..=lags).map(weighted).sum::<f64>();
    let correction = (n + 1.0 - 2.0 * h + h * (h - 1.0) / n) / n;
    let t = mean / (variance / n).sqrt() * correction.sqrt();
    let p = student_t_p_value(t, n - 1.0);
    (t.is_finite() && p.is_finite()).then_some(EqualLosses { t, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_tested_is_undefined() {
        assert_eq!(diebold_mariano(&[1.0, 2.0], 1), None);
        assert_eq!(diebold_mariano(&[1.0; 50], 1), None);
        assert_eq!(diebold_mariano(&[1.0, 2.0, 3.0, 4.0], 4), None);
        assert_eq!(diebold_mariano(&[1.0, 2.0, f64::NAN, 4.0], 1), None);
    }

    /// Where targets overlap, the same differences prove less.
    #[test]
    fn overlap_makes_a_mean_less_certain() {
        let noise = |day: usize| ((day * day * 7919 + day * 104_729) % 10_007) as f64 / 10_007.0;
        let of_week = |day: usize| (day..day + 7).map(noise).sum::<f64>() - 3.3;
        let differences: Vec<f64> = (0..400).map(of_week).collect();
        let t = |steps| diebold_mariano(&differences, steps).map_or(0.0, |test| test.t.abs());
        assert!(t(7) < 0.5 * t(1), "{} and {}", t(7), t(1));
    }
}

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
    let variance = newey_west_variance(differences, 2 * (steps - 1));
    let correction = (n + 1.0 - 2.0 * h + h * (h - 1.0) / n) / n;
    let t = mean / (variance / n).sqrt() * correction.sqrt();
    let p = student_t_p_value(t, n - 1.0);
    (t.is_finite() && p.is_finite()).then_some(EqualLosses { t, p })
}

/// The mean difference in units of its standard error, with the autocovariances of the differences up
/// to `lags` in it, at the weights of Newey and West (1987): Diebold and Mariano's statistic as it
/// stands, which is compared with the normal distribution. [`diebold_mariano`] is its form for few
/// times.
///
/// None where there are fewer than two differences, or all are equal.
pub fn newey_west_t(differences: &[f64], lags: usize) -> Option<f64> {
    if differences.len() < 2 {
        return None;
    }
    let variance = newey_west_variance(differences, lags);
    let t = mean(differences) / (variance / differences.len() as f64).sqrt();
    t.is_finite().then_some(t)
}

/// Newey and West's long-run variance: the variance and twice the weighted autocovariances up to
/// `lags`, each divided by the number of values. There is at least one value.
fn newey_west_variance(values: &[f64], lags: usize) -> f64 {
    let n = values.len() as f64;
    let mean = mean(values);
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let covariance = |lag: usize| -> f64 {
        let pairs = centred.iter().zip(centred.iter().skip(lag));
        pairs.map(|(a, b)| a * b).sum::<f64>() / n
    };
    let lags = lags.min(values.len() - 1);
    let weighted = |lag: usize| (1.0 - lag as f64 / (lags as f64 + 1.0)) * covariance(lag);
    covariance(0) + 2.0 * (1..=lags).map(weighted).sum::<f64>()
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

    /// By numpy: the sum over lags of 1 - lag / (lags + 1) times the covariance.
    #[test]
    fn the_statistic_equals_that_of_numpy() {
        let differences: Vec<f64> = (1..=60)
            .map(|day| f64::from(day * day).sin() + 0.1)
            .collect();
        for (lags, expected) in [
            (0, 0.711_044_889_132_836_7),
            (5, 0.816_242_810_836_406_8),
            (28, 0.921_844_106_530_286_1),
        ] {
            let t = newey_west_t(&differences, lags).unwrap();
            assert!((t - expected).abs() < 1e-12, "{lags}: {t}");
        }
        assert_eq!(newey_west_t(&[1.0], 0), None);
        assert_eq!(newey_west_t(&[1.0; 9], 3), None);
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

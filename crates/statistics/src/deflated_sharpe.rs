//! How much of a Sharpe ratio is left once it is known how many were tried.
//!
//! Bailey and López de Prado, "The Sharpe ratio efficient frontier", Journal of Risk 15 (2012), and
//! "The deflated Sharpe ratio", Journal of Portfolio Management 40 (2014). Sharpe ratios are per
//! observation (a trade, a day), never annualized.

use crate::normal::{normal_cdf, normal_quantile};

/// Euler and Mascheroni's constant.
const EULER_MASCHERONI: f64 = 0.577_215_664_901_532_9;

/// Probability that the true Sharpe ratio is above `benchmark`, given what was measured over
/// `observations`.
///
/// `skewness` is 0 and `kurtosis` 3 for normal returns. NaN below two observations, and where the
/// moments contradict each other.
pub fn probabilistic_sharpe_ratio(
    sharpe: f64,
    benchmark: f64,
    observations: usize,
    skewness: f64,
    kurtosis: f64,
) -> f64 {
    let variance = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
    if observations < 2 || variance.is_nan() || variance <= 0.0 {
        return f64::NAN;
    }
    normal_cdf((sharpe - benchmark) * (observations as f64 - 1.0).sqrt() / variance.sqrt())
}

/// The highest Sharpe ratio to be expected of so many independent trials that are all worth
/// nothing, where `variance` is that of the trials' Sharpe ratios; 0 for a single trial.
///
/// # Examples
/// ```
/// // The paper's example: 100 trials of a variance of 0.5 a year, 250 days.
/// let expected = statistics::expected_maximum_sharpe(100, 0.5 / 250.0);
/// assert!((expected - 0.1132).abs() < 5e-5);
/// ```
pub fn expected_maximum_sharpe(trials: usize, variance: f64) -> f64 {
    if trials < 2 {
        return 0.0;
    }
    let share = 1.0 / trials as f64;
    // Upper quantiles as negated lower ones: with many trials 1 - share would lose digits.
    let (best, further) = (
        -normal_quantile(share),
        -normal_quantile(share / std::f64::consts::E),
    );
    variance.sqrt() * ((1.0 - EULER_MASCHERONI) * best + EULER_MASCHERONI * further)
}

/// Probability that the true Sharpe ratio is above what the best of so many worthless trials would
/// have shown.
///
/// It is [`probabilistic_sharpe_ratio`] against [`expected_maximum_sharpe`].
///
/// # Examples
/// ```
/// // The paper's example: 2.5 a year over 1250 days, the best of 100.
/// let deflated = statistics::deflated_sharpe_ratio(2.5 / 250.0_f64.sqrt(), 1250, -3.0, 10.0, 100, 0.5 / 250.0);
/// assert!((deflated - 0.9004).abs() < 5e-5);
/// ```
pub fn deflated_sharpe_ratio(
    sharpe: f64,
    observations: usize,
    skewness: f64,
    kurtosis: f64,
    trials: usize,
    variance: f64,
) -> f64 {
    let benchmark = expected_maximum_sharpe(trials, variance);
    probabilistic_sharpe_ratio(sharpe, benchmark, observations, skewness, kurtosis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_comes_out() {
        let (sharpe, variance) = (2.5 / 250.0_f64.sqrt(), 0.5 / 250.0);
        assert!((expected_maximum_sharpe(100, variance) - 0.1132).abs() < 5e-5);
        let deflated = deflated_sharpe_ratio(sharpe, 1250, -3.0, 10.0, 100, variance);
        assert!((deflated - 0.9004).abs() < 5e-5, "{deflated}");
    }

    #[test]
    fn more_trials_leave_less() {
        let deflated = |trials| deflated_sharpe_ratio(0.2, 400, 0.0, 3.0, trials, 0.002);
        assert!(deflated(1) > deflated(10) && deflated(10) > deflated(1000));
        assert_eq!(
            deflated(1),
            probabilistic_sharpe_ratio(0.2, 0.0, 400, 0.0, 3.0)
        );
    }

    #[test]
    fn what_is_undefined_is_nan() {
        assert!(probabilistic_sharpe_ratio(0.1, 0.0, 1, 0.0, 3.0).is_nan());
        assert!(probabilistic_sharpe_ratio(2.0, 0.0, 100, 5.0, 1.0).is_nan());
        assert!(probabilistic_sharpe_ratio(f64::NAN, 0.0, 100, 0.0, 3.0).is_nan());
    }
}

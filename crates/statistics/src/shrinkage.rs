//! Empirical Bayes: how far noisy estimates of many alike things differ in truth, and what is to be
//! believed of each.

/// Variance of the true values about their mean, from estimates and their standard errors, by the
/// moments of DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7
/// (1986); 0 where the estimates differ no more than their errors explain.
///
/// # Shapes
/// One `(estimate, standard error)` each, errors above 0.
///
/// # Examples
/// ```
/// // Errors of 0.1 do not explain values that are 2 apart.
/// let variance = statistics::variance_between(&[(1.0, 0.1), (3.0, 0.1)]);
/// assert!((variance - 1.99).abs() < 1e-12);
/// assert_eq!(statistics::variance_between(&[(1.0, 2.0), (3.0, 2.0)]), 0.0);
/// ```
pub fn variance_between(estimates: &[(f64, f64)]) -> f64 {
    let weight = |error: f64| error.powi(-2);
    let (mut sum, mut squares, mut weighted) = (0.0, 0.0, 0.0);
    for (estimate, error) in estimates {
        sum += weight(*error);
        squares += weight(*error).powi(2);
        weighted += weight(*error) * estimate;
    }
    let mean = weighted / sum;
    let spread: f64 = (estimates.iter())
        .map(|(estimate, error)| weight(*error) * (estimate - mean).powi(2))
        .sum();
    let expected = estimates.len() as f64 - 1.0;
    let variance = (spread - expected) / (sum - squares / sum);
    if variance.is_finite() {
        variance.max(0.0)
    } else {
        0.0
    }
}

/// What is to be believed of a value: its estimate, drawn to `center` by as much as its variance is
/// error and not a true difference.
///
/// # Examples
/// ```
/// // Half of the variance is error, so half of the way is left.
/// assert_eq!(statistics::shrunk(3.0, 0.5, 1.0, 0.25), 2.0);
/// assert_eq!(statistics::shrunk(3.0, 0.5, 1.0, 0.0), 1.0);
/// ```
pub fn shrunk(estimate: f64, error: f64, center: f64, variance_between: f64) -> f64 {
    let all = variance_between + error.powi(2);
    if all > 0.0 {
        center + variance_between / all * (estimate - center)
    } else {
        center
    }
}

//! The loss of a variance forecast.

/// QLIKE: `x / v - ln(x / v) - 1` of a realized variance x and its forecast v, 0 where they are equal.
///
/// It asks more of a forecast that is too low than of one that is too high, and it ranks forecasts as
/// the true variance would, however noisy the realized one is: Patton, "Volatility forecast comparison
/// using imperfect volatility proxies", Journal of Econometrics 160 (2011). Both in the same unit.
///
/// NaN where either is not above 0: a realized variance of 0 has no loss, as its logarithm has no end.
///
/// # Examples
/// ```
/// assert_eq!(statistics::qlike(4.0, 4.0), 0.0);
/// assert!(statistics::qlike(4.0, 2.0) > statistics::qlike(4.0, 8.0));
/// ```
pub fn qlike(realized: f64, forecast: f64) -> f64 {
    if realized > 0.0 && forecast > 0.0 {
        let ratio = realized / forecast;
        ratio - ratio.ln() - 1.0
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_formula_in_numpy() {
        assert!((qlike(0.0016, 0.0025) - 0.086_287_102_628_419_57).abs() < 1e-15);
        assert!((qlike(0.0025, 0.0016) - 0.116_212_897_371_580_43).abs() < 1e-15);
    }

    #[test]
    fn a_variance_of_nothing_has_none() {
        for (realized, forecast) in [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (f64::NAN, 1.0)] {
            assert!(qlike(realized, forecast).is_nan(), "{realized} {forecast}");
        }
    }
}

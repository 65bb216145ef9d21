//! The standard normal distribution.

use std::f64::consts::TAU;

/// Beyond this the tail comes from a continued fraction, below it from a power series.
const TAIL: f64 = 3.0;

/// Terms of the continued fraction; from [`TAIL`] on the last of them change nothing.
const FRACTION_TERMS: u32 = 120;

/// Probability that a standard normal value is at most `z`.
///
/// The relative error stays below 1e-12 in both tails. Abramowitz and Stegun, formulas 26.2.11 and
/// 26.2.14.
///
/// # Examples
/// ```
/// assert!((statistics::normal_cdf(1.959963984540054) - 0.975).abs() < 1e-15);
/// ```
pub fn normal_cdf(z: f64) -> f64 {
    if z.abs() < TAIL {
        0.5 + density(z) * power_series(z)
    } else if z < 0.0 {
        tail(-z)
    } else {
        1.0 - tail(z)
    }
}

/// The value that a standard normal one stays at or below with this probability; infinite at 0 and
/// 1, NaN outside.
///
/// # Examples
/// ```
/// assert!((statistics::normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// ```
pub fn normal_quantile(probability: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    if probability > 0.5 {
        return -normal_quantile(1.0 - probability);
    }
    if probability == 0.0 {
        return f64::NEG_INFINITY;
    }
    let mut z = -rough_upper_quantile(probability);
    // Halley's method triples the number of right digits with every step.
    for _ in 0..3 {
        let step = (normal_cdf(z) - probability) / density(z);
        if step.is_finite() {
            z -= step / (1.0 + 0.5 * z * step);
        }
    }
    z
}

fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / TAU.sqrt()
}

/// z + z^3 / 3 + z^5 / (3 x 5) + ...
fn power_series(z: f64) -> f64 {
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term.abs() > sum.abs() * 1e-18 {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    sum
}

/// Probability of more than `z`, which is far above 0: density / (z + 1 / (z + 2 / (z + 3 / ...))).
fn tail(z: f64) -> f64 {
    if z.is_infinite() {
        return 0.0;
    }
    let fraction = (1..=FRACTION_TERMS)
        .rev()
        .fold(z, |below, term| z + f64::from(term) / below);
    density(z) / fraction
}

/// What is exceeded with this probability of at most a half, to three digits: Abramowitz and
/// Stegun, formula 26.2.23.
fn rough_upper_quantile(probability: f64) -> f64 {
    let t = (-2.0 * probability.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_and_fraction_meet() {
        for z in [2.9, 3.0, 3.1] {
            let (series, fraction) = (0.5 - density(z) * power_series(z), tail(z));
            assert!(
                (series / fraction - 1.0).abs() < 1e-12,
                "{z}: {series} and {fraction}"
            );
        }
    }

    #[test]
    fn quantile_inverts_the_distribution() {
        for probability in [1e-300, 1e-20, 1e-5, 0.01, 0.3, 0.5, 0.7, 0.999] {
            let back = normal_cdf(normal_quantile(probability));
            assert!(
                (back / probability - 1.0).abs() < 1e-11,
                "{probability} came back as {back}"
            );
        }
    }

    #[test]
    fn the_ends_are_infinite() {
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.5).is_nan());
        assert!(normal_quantile(f64::NAN).is_nan());
        assert_eq!(normal_cdf(f64::INFINITY), 1.0);
        assert_eq!(normal_cdf(f64::NEG_INFINITY), 0.0);
        assert!(normal_cdf(f64::NAN).is_nan());
    }
}

//! The digamma function.

/// Below this its argument is raised first: the series is then right to the last digits.
const LARGE: f64 = 10.0;

/// The derivative of ln gamma(x), for x above 0: by its recurrence and the asymptotic series 5.11.2 of the
/// NIST Digital Library of Mathematical Functions.
pub(super) fn digamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < LARGE {
        shift += 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32_760.0,
        1.0 / 12.0,
    ];
    let rest = series
        .iter()
        .rev()
        .fold(0.0, |sum, term| (sum + term) * square);
    x.ln() - 0.5 / x - rest - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_scipy() {
        let golden = [
            (0.5, -1.963_510_026_021_423_5),
            (1.0, -0.577_215_664_901_532_9),
            (1.25, -0.227_453_533_376_265_4),
            (3.7, 1.167_153_539_361_511_3),
            (9.99, 2.250_700_372_831_201),
            (42.0, 3.725_717_617_937_282),
            (250.5, 5.521_461_584_527_046),
        ];
        for (x, expected) in golden {
            assert!((digamma(x) - expected).abs() < 1e-13, "{x}: {}", digamma(x));
        }
    }
}

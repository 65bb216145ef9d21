//! The variance of a bar's return from its open, high, low and close: prices between the open and
//! the close tell more of it than the two alone.
//!
//! All assume a price that moves at random without a jump, in continuous time; natural logarithms;
//! the unit is that of a squared log return of one bar. Prices are above 0, a high at or above the
//! other prices and a low at or below them.

use crate::mean::mean;

/// Prices of one bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarPrices {
    /// The first price.
    pub open: f64,
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price.
    pub close: f64,
}

/// Parkinson's variance of a bar: `ln(H / L)^2 / (4 ln 2)`.
///
/// "The Extreme Value Method for Estimating the Variance of the Rate of Return", Journal of Business
/// 53 (1980). Without drift.
///
/// # Examples
/// ```
/// let bar = statistics::BarPrices { open: 100.0, high: 104.0, low: 99.0, close: 102.0 };
/// assert!((statistics::parkinson(bar).sqrt() - 0.0296).abs() < 1e-4);
/// ```
pub fn parkinson(bar: BarPrices) -> f64 {
    (bar.high / bar.low).ln().powi(2) / (4.0 * std::f64::consts::LN_2)
}

/// Garman and Klass's variance of a bar: `0.5 ln(H / L)^2 - (2 ln 2 - 1) ln(C / O)^2`, never below 0.
///
/// "On the Estimation of Security Price Volatilities from Historical Data", Journal of Business 53
/// (1980), in the simple form that is less than 1 % from the best one. Without drift.
pub fn garman_klass(bar: BarPrices) -> f64 {
    let of_range = (bar.high / bar.low).ln().powi(2);
    let of_move = (bar.close / bar.open).ln().powi(2);
    0.5 * of_range - (2.0 * std::f64::consts::LN_2 - 1.0) * of_move
}

/// Rogers and Satchell's variance of a bar: `ln(H/C) ln(H/O) + ln(L/C) ln(L/O)`, never below 0.
///
/// "Estimating Variance from High, Low and Closing Prices", Annals of Applied Probability 1 (1991).
/// Right with any drift.
pub fn rogers_satchell(bar: BarPrices) -> f64 {
    let of = |extreme: f64| (extreme / bar.close).ln() * (extreme / bar.open).ln();
    of(bar.high) + of(bar.low)
}

/// Yang and Zhang's variance of a bar over a window: that of the jumps from one bar's close to the
/// next one's open, plus k times that from open to close, plus 1 - k times the mean of
/// [`rogers_satchell`], with `k = 0.34 / (1.34 + (n + 1) / (n - 1))`. Variances are divided by n - 1.
///
/// "Drift-Independent Volatility Estimation Based on High, Low, Open, and Close Prices", Journal of
/// Business 73 (2000). Right with any drift and with jumps between bars.
///
/// # Shapes
/// `bars`: n + 1 in order of time; of the first one only the close is used. None where n is below 2.
pub fn yang_zhang(bars: &[BarPrices]) -> Option<f64> {
    let window = bars.get(1..).filter(|window| window.len() >= 2)?;
    let n = window.len() as f64;
    let jumps: Vec<f64> = (bars.iter().zip(window))
        .map(|(before, bar)| (bar.open / before.close).ln())
        .collect();
    let moves: Vec<f64> = (window.iter())
        .map(|bar| (bar.close / bar.open).ln())
        .collect();
    let inside = window.iter().copied().map(rogers_satchell).sum::<f64>() / n;
    let k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0));
    Some(variance(&jumps) + k * variance(&moves) + (1.0 - k) * inside)
}

/// Sample variance, divided by n - 1.
fn variance(values: &[f64]) -> f64 {
    let center = mean(values);
    let squares = values.iter().map(|value| (value - center).powi(2));
    squares.sum::<f64>() / (values.len() as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six bars, and each one's variance by numpy: Parkinson, Garman-Klass, Rogers-Satchell.
    const BARS: [([f64; 4], [f64; 3]); 6] = [
        (
            [100.0, 104.0, 99.0, 102.0],
            [
                0.000_875_584_702_035_315_8,
                0.001_062_335_100_690_398_5,
                0.001_061_623_481_263_666,
            ],
        ),
        (
            [102.0, 103.0, 97.0, 98.0],
            [
                0.001_299_205_130_067_274_6,
                0.001_182_844_898_470_009,
                0.001_000_992_509_637_074,
            ],
        ),
        (
            [98.5, 101.0, 98.0, 100.5],
            [
                0.000_327_926_642_574_110_65,
                0.000_298_517_756_371_706_7,
                0.000_252_582_123_752_298_8,
            ],
        ),
        (
            [100.5, 106.0, 100.0, 105.0],
            [
                0.001_224_583_230_367_3,
                0.000_956_461_521_026_471_2,
                0.000_748_383_400_797_655_6,
            ],
        ),
        (
            [104.0, 104.5, 101.0, 101.5],
            [
                0.000_418_572_769_385_591_35,
                0.000_351_559_059_798_992_8,
                0.000_284_249_606_202_342_5,
            ],
        ),
        (
            [101.5, 102.0, 100.0, 101.0],
            [
                0.000_141_436_068_280_122_22,
                0.000_186_651_607_974_468_62,
                0.000_196_560_950_816_310_26,
            ],
        ),
    ];

    fn bars() -> Vec<BarPrices> {
        let bar = |[open, high, low, close]: [f64; 4]| BarPrices {
            open,
            high,
            low,
            close,
        };
        BARS.map(|(prices, _)| bar(prices)).to_vec()
    }

    #[test]
    fn variances_equal_those_of_numpy() {
        for (bar, (prices, expected)) in bars().into_iter().zip(BARS) {
            let found = [parkinson(bar), garman_klass(bar), rogers_satchell(bar)];
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < 1e-12, "{found} {prices:?}");
            }
        }
        let found = yang_zhang(&bars()).unwrap();
        assert!((found / 0.000_601_167_034_006_663_7 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_window_of_one_bar_has_no_variance() {
        assert_eq!(yang_zhang(&bars()[..2]), None);
        assert_eq!(yang_zhang(&[]), None);
    }

    #[test]
    fn a_bar_that_stood_still_has_none() {
        let still = BarPrices {
            open: 3.0,
            high: 3.0,
            low: 3.0,
            close: 3.0,
        };
        assert_eq!(parkinson(still), 0.0);
        assert_eq!((garman_klass(still), rogers_satchell(still)), (0.0, 0.0));
        assert_eq!(yang_zhang(&[still; 4]), Some(0.0));
    }
}

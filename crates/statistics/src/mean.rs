//! Values that are all equal: a mean that is exact, and the question itself.

/// Mean of the values, taken from the first one on; NaN of none.
///
/// A plain sum of many equal values is rounded at every step, so that their "deviations" from it
/// are no longer 0 and a constant has a standard deviation, a Sharpe ratio, a correlation.
pub fn mean(values: &[f64]) -> f64 {
    let Some(origin) = values.first() else {
        return f64::NAN;
    };
    origin + values.iter().map(|value| value - origin).sum::<f64>() / values.len() as f64
}

/// Whether all values are the same one, so that there is nothing to rank, correlate or choose by.
pub fn are_equal(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_values_is_that_value_to_the_last_bit() {
        for value in [0.1, -0.000_37, 0.000_127_104_602_619_738_46] {
            let values = vec![value; 100_003];
            assert_eq!(mean(&values), value);
            assert_ne!(
                values.iter().sum::<f64>() / values.len() as f64,
                value,
                "the plain one is rounded"
            );
        }
        assert!(mean(&[]).is_nan());
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
    }
}

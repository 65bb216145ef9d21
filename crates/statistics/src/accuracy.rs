//! Sizes of the forecast's errors and how often its direction was right.

/// Mean absolute error, in the unit of the values; `None` without rows.
///
/// # Shapes
/// `forecast` and `realized` of the same length.
pub fn mean_absolute_error(forecast: &[f64], realized: &[f64]) -> Option<f64> {
    mean(
        forecast
            .iter()
            .zip(realized)
            .map(|(forecast, realized)| (forecast - realized).abs()),
    )
}

/// Root of the mean squared error, in the unit of the values; `None` without rows.
///
/// # Shapes
/// `forecast` and `realized` of the same length.
pub fn root_mean_squared_error(forecast: &[f64], realized: &[f64]) -> Option<f64> {
    let squares = forecast
        .iter()
        .zip(realized)
        .map(|(forecast, realized)| (forecast - realized).powi(2));
    mean(squares).map(f64::sqrt)
}

/// Share of rows whose sign the forecast had right, over the rows in which neither side is 0;
/// `None` without such rows.
///
/// # Shapes
/// `forecast` and `realized` of the same length.
///
/// # Examples
/// ```
/// let share = statistics::directional_accuracy(&[1.0, -1.0, 0.0, 2.0], &[3.0, 2.0, 1.0, 0.0]);
/// assert_eq!(share, Some(0.5));
/// ```
pub fn directional_accuracy(forecast: &[f64], realized: &[f64]) -> Option<f64> {
    let moving = forecast
        .iter()
        .zip(realized)
        .filter(|(forecast, realized)| **forecast != 0.0 && **realized != 0.0);
    mean(
        moving.map(|(forecast, realized)| {
            f64::from(u8::from((*forecast > 0.0) == (*realized > 0.0)))
        }),
    )
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| {
        (count + 1, sum + value)
    });
    let mean = sum / count as f64;
    mean.is_finite().then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_by_hand() {
        assert_eq!(mean_absolute_error(&[1.0, -1.0], &[0.0, 2.0]), Some(2.0));
        assert_eq!(
            root_mean_squared_error(&[1.0, -7.0], &[0.0, 0.0]),
            Some(5.0)
        );
    }

    #[test]
    fn nothing_to_count_is_undefined() {
        assert_eq!(mean_absolute_error(&[], &[]), None);
        assert_eq!(directional_accuracy(&[0.0, 1.0], &[1.0, 0.0]), None);
    }
}

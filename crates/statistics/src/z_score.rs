//! How unusual a value is against the last values of its series.

/// Deviation of each value from the mean of the `window` values that end with it, divided by their
/// standard deviation (n - 1); NaN where fewer than `least` are known or all are equal. The values
/// are finite.
///
/// # Examples
/// ```
/// let scores = statistics::rolling_z_score(&[1.0, 3.0, 3.0], 2, 2);
/// assert!(scores[0].is_nan() && (scores[1] - 0.5_f64.sqrt()).abs() < 1e-12 && scores[2].is_nan());
/// ```
pub fn rolling_z_score(values: &[f64], window: usize, least: usize) -> Vec<f64> {
    let window = window.max(1);
    let mut scores = Vec::with_capacity(values.len());
    // Sums of deviations from a value nearby, which lose no digits; started anew once a window, so
    // that nothing adds up.
    let (mut origin, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (place, value) in values.iter().enumerate() {
        let first = (place + 1).saturating_sub(window);
        let known = &values[first..=place];
        if place % window == 0 {
            origin = *value;
            sum = known.iter().map(|value| value - origin).sum();
            squares = known.iter().map(|value| (value - origin).powi(2)).sum();
        } else {
            sum += value - origin;
            squares += (value - origin).powi(2);
            if let Some(left) = first.checked_sub(1) {
                sum -= values[left] - origin;
                squares -= (values[left] - origin).powi(2);
            }
        }
        let count = known.len() as f64;
        let variance = (squares - sum * sum / count) / (count - 1.0);
        let is_spread =
            known.len() >= least.max(2) && variance > 1e-12 * squares / count && variance > 0.0;
        let score = (value - origin - sum / count) / variance.sqrt();
        scores.push(if is_spread { score } else { f64::NAN });
    }
    scores
}

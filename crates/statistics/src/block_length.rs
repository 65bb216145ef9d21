//! How long the blocks of a stationary bootstrap have to be for one series.
//!
//! Politis and White, "Automatic block-length selection for the dependent bootstrap", Econometric
//! Reviews 23 (2004), with the correction of Patton, Politis and White, Econometric Reviews 28
//! (2009); the choices the papers leave open are those of `arch.bootstrap.optimal_block_length`, so
//! that the two agree.

use crate::mean::mean;

/// Values a series needs at least: below it there are fewer values than autocorrelations to look
/// at.
const LEAST_VALUES: usize = 16;

/// Optimal mean block length of the stationary bootstrap for the mean of `series`, in its steps.
///
/// `None` below 16 values, where the series is constant, or where its long-run variance vanishes.
pub fn optimal_block_length(series: &[f64]) -> Option<f64> {
    let count = series.len();
    if count < LEAST_VALUES {
        return None;
    }
    let n = count as f64;
    let mean = mean(series);
    let centered: Vec<f64> = series.iter().map(|value| value - mean).collect();

    let longest = (3.0 * n.sqrt()).min(n / 3.0).ceil();
    let autocovariance = significant_autocovariances(&centered)?;
    let lags = autocovariance.len() - 1;

    // Flat-top lag window: 1 up to half the lags, then falling to 0.
    let (mut g, mut long_run) = (0.0, autocovariance[0]);
    for (lag, covariance) in autocovariance.iter().enumerate().skip(1) {
        let share = lag as f64 / lags as f64;
        let window = if share <= 0.5 {
            1.0
        } else {
            2.0 * (1.0 - share)
        };
        g += 2.0 * window * lag as f64 * covariance;
        long_run += 2.0 * window * covariance;
    }
    let d = 2.0 * long_run.powi(2);
    let length = (2.0 * g.powi(2) / d).cbrt() * n.cbrt();
    length.is_finite().then(|| length.min(longest))
}

/// Autocovariances at lags 0 to twice the lag after which the autocorrelations stay insignificant.
fn significant_autocovariances(centered: &[f64]) -> Option<Vec<f64>> {
    let n = centered.len() as f64;
    let run = (n.log10() as usize).max(5);
    let most = n.sqrt().ceil() as usize + run;
    let critical = 2.0 * (n.log10() / n).sqrt();

    // head[i] is the sum of the first i squares.
    let mut head = vec![0.0];
    for value in centered {
        head.push(head[head.len() - 1] + value * value);
    }
    let total = head[centered.len()];
    if total <= 0.0 || centered.len() <= most + 1 {
        return None;
    }

    let mut covariances = Vec::new();
    let mut insignificant = 0;
    let mut last = most;
    for lag in 0..=most {
        if lag > last {
            break;
        }
        let product = dot(&centered[lag..], &centered[..centered.len() - lag]);
        covariances.push(product / n);
        // `arch` looks for the first lag i of which the `run` lags before it are all insignificant,
        // and keeps i - run.
        if last == most && insignificant >= run {
            last = most.min(2 * (lag - run).max(1));
        }
        let squares = (total - head[lag + 1]) * head[centered.len() - lag - 1];
        let small = product.abs() / squares.sqrt() < critical;
        insignificant = if small { insignificant + 1 } else { 0 };
    }
    covariances.truncate(last + 1);
    (covariances.len() > 1).then_some(covariances)
}

/// Scalar product in eight running sums, which the compiler turns into vector instructions.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left_chunks, right_chunks) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest = left_chunks.remainder().iter().zip(right_chunks.remainder());
    let rest: f64 = rest.map(|(left, right)| left * right).sum();
    for (left, right) in left_chunks.zip(right_chunks) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_for_short_or_constant_series() {
        assert_eq!(optimal_block_length(&[1.0, 2.0, 1.5]), None);
        assert_eq!(optimal_block_length(&[3.0; 100]), None);
        assert_eq!(optimal_block_length(&[]), None);
    }
}

//! How coins move together: one factor, the mean return of all coins, and what each coin does
//! beside it.

use std::ops::Range;

use super::marked_prices::MarkedPrices;

/// Betas and residual variances of the returns of one bar, from trailing returns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Covariance {
    /// Move of each coin with the market's move.
    pub beta: Vec<f64>,
    /// Mean square of the market's return.
    pub market_variance: f64,
    /// Mean square of what a coin's return is beside beta times the market's.
    pub residual_variance: Vec<f64>,
}

impl Covariance {
    /// Of the returns of `bars`, about zero; a return that is not known is 0.
    fn new(prices: &MarkedPrices, bars: Range<usize>) -> Self {
        let coins = prices.coins();
        let (mut returns, mut means) = (Vec::new(), Vec::new());
        for bar in bars {
            let of_coin = |coin: usize| match bar.checked_sub(1) {
                Some(before) => known(prices.mark(bar, coin) / prices.mark(before, coin) - 1.0),
                None => 0.0,
            };
            let first = returns.len();
            returns.extend((0..coins).map(of_coin));
            means.push(returns[first..].iter().sum::<f64>() / coins as f64);
        }
        let count = means.len() as f64;
        let market_variance = means.iter().map(|m| m * m).sum::<f64>() / count;
        let of_coin = |coin: usize| {
            let own = || returns.iter().skip(coin).step_by(coins).zip(&means);
            let together = own().map(|(own, m)| own * m).sum::<f64>() / count;
            let beta = if market_variance > 0.0 {
                together / market_variance
            } else {
                0.0
            };
            let squares = own().map(|(own, m)| (own - beta * m).powi(2));
            (beta, squares.sum::<f64>() / count)
        };
        let (beta, residual_variance) = (0..coins).map(of_coin).unzip();
        Self {
            beta,
            market_variance,
            residual_variance,
        }
    }

    /// The residual variance of a coin, raised where its `current` variance of a bar is above that
    /// of the trailing returns.
    pub fn residual_now(&self, coin: usize, current: f64) -> f64 {
        let residual = self.residual_variance[coin];
        let whole = self.beta[coin].powi(2) * self.market_variance + residual;
        if current > whole && whole > 0.0 {
            residual * current / whole
        } else {
            residual
        }
    }

    /// The positions of the best expected return for their risk: the inverse covariance times the
    /// expected returns of a bar, by the formula of Sherman and Morrison. A coin whose expected
    /// return is not known, or which has not moved, has none.
    ///
    /// # Shapes
    /// All of one length, the number of coins; NaN in `expected` where it is not known.
    pub fn markowitz(&self, expected: &[f64], residual: &[f64], positions: &mut [f64]) {
        let (mut with_market, mut of_beta) = (0.0, 0.0);
        for (coin, (expected, residual)) in expected.iter().zip(residual).enumerate() {
            positions[coin] = 0.0;
            if expected.is_finite() && *residual > 0.0 {
                positions[coin] = expected / residual;
                with_market += self.beta[coin] * expected / residual;
                of_beta += self.beta[coin].powi(2) / residual;
            }
        }
        if self.market_variance <= 0.0 {
            return;
        }
        let share = with_market / (1.0 / self.market_variance + of_beta);
        for (coin, (expected, residual)) in expected.iter().zip(residual).enumerate() {
            if expected.is_finite() && *residual > 0.0 {
                positions[coin] -= self.beta[coin] / residual * share;
            }
        }
    }
}

/// 0 where a value is not known.
fn known(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// The covariances of a span of bars, one for each UTC day, from what is known at its first bar.
pub(super) struct Covariances {
    first_day: i64,
    days: Vec<Covariance>,
}

impl Covariances {
    /// From the trailing `window` of bars, or fewer where the market begins later.
    pub fn new(prices: &MarkedPrices, span: &Range<usize>, window: usize) -> Self {
        let (first_day, last_day) = (
            prices.day(span.start),
            prices.day(span.end.saturating_sub(1)),
        );
        let of_day = |day: i64| {
            let bar = prices.first_bar_of(day);
            Covariance::new(prices, (bar + 1).saturating_sub(window)..bar + 1)
        };
        Self {
            first_day,
            days: (first_day..=last_day).map(of_day).collect(),
        }
    }

    /// What is known at the first bar of a UTC day that the span has bars of.
    pub fn of_day(&self, day: i64) -> &Covariance {
        &self.days[(day - self.first_day) as usize]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// The positions solve the system that they are said to solve.
    #[test]
    fn positions_times_the_covariance_are_the_expected_returns() {
        let covariance = Covariance {
            beta: vec![0.8, 1.3, 1.0, 0.4],
            market_variance: 4e-6,
            residual_variance: vec![1e-6, 9e-6, 0.0, 3e-6],
        };
        let expected = [2e-4, -1e-4, 5e-4, f64::NAN];
        let mut positions = [9.0; 4];
        let residual = &covariance.residual_variance;
        covariance.markowitz(&expected, residual, &mut positions);
        assert_eq!(
            positions[2..],
            [0.0, 0.0],
            "without a move, without a forecast"
        );
        let exposure: f64 = (0..2)
            .map(|coin| covariance.beta[coin] * positions[coin])
            .sum();
        for coin in 0..2 {
            let found = covariance.beta[coin] * covariance.market_variance * exposure
                + residual[coin] * positions[coin];
            assert!((found - expected[coin]).abs() < 1e-16, "{found}");
        }
    }

    #[test]
    fn a_wild_hour_raises_the_residual_variance() {
        let covariance = Covariance {
            beta: vec![1.0],
            market_variance: 1e-6,
            residual_variance: vec![3e-6],
        };
        assert_eq!(covariance.residual_now(0, 8e-6), 6e-6);
        assert_eq!(covariance.residual_now(0, 1e-6), 3e-6);
        assert_eq!(covariance.residual_now(0, f64::NAN), 3e-6);
    }
}

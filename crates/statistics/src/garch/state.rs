//! The variance of the next return, kept up to date a return at a time.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Parameters;

/// Returns that the backcast is made of, and the weight of each after the one before it.
const BACKCAST_RETURNS: usize = 75;
const BACKCAST_DECAY: f64 = 0.94;

/// The variance before the first return: the mean of the first squared returns, 75 at most, with weights
/// that fall by 6 % each; 0 without returns.
///
/// Returns that begin with the same 75 have the same backcast.
pub fn backcast(returns: &[f64]) -> f64 {
    let (mut weight, mut weights, mut sum) = (1.0, 0.0, 0.0);
    for value in returns.iter().take(BACKCAST_RETURNS) {
        sum += weight * value * value;
        weights += weight;
        weight *= BACKCAST_DECAY;
    }
    if weights > 0.0 { sum / weights } else { 0.0 }
}

/// What the variance of the next return is a function of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The last squared returns, as many as there are alphas, the latest first.
    squares: VecDeque<f64>,
    /// The last variances, as many as there are betas, the latest first.
    variances: VecDeque<f64>,
}

impl Parameters {
    /// The state before the first return.
    pub fn start(&self, backcast: f64) -> State {
        State {
            squares: vec![backcast; self.alpha.len()].into(),
            variances: vec![backcast; self.beta.len()].into(),
        }
    }

    /// The state after some returns, which starts at their own [`backcast`].
    pub fn after(&self, returns: &[f64]) -> State {
        let mut state = self.start(backcast(returns));
        for value in returns {
            state.update(self, *value);
        }
        state
    }

    /// The variance of the next return.
    pub fn next_variance(&self, state: &State) -> f64 {
        let weighted = |weights: &[f64], values: &VecDeque<f64>| -> f64 {
            weights.iter().zip(values).map(|(a, b)| a * b).sum()
        };
        self.omega + weighted(&self.alpha, &state.squares) + weighted(&self.beta, &state.variances)
    }

    /// The forecast variances of the next returns, one a step.
    pub fn variances_ahead(&self, state: &State, steps: usize) -> Vec<f64> {
        let mut state = state.clone();
        let mut ahead = Vec::with_capacity(steps);
        for _ in 0..steps {
            let variance = self.next_variance(&state);
            // The square that is expected of a return is its variance.
            state.push(variance, variance);
            ahead.push(variance);
        }
        ahead
    }

    /// The mean of the forecast variances of the next returns: that of their sum, per step. NaN of no
    /// steps.
    pub fn mean_variance(&self, state: &State, steps: usize) -> f64 {
        self.variances_ahead(state, steps).iter().sum::<f64>() / steps as f64
    }
}

impl State {
    /// Takes in the next return, and gives the variance that it had.
    pub fn update(&mut self, parameters: &Parameters, value: f64) -> f64 {
        let variance = parameters.next_variance(self);
        self.push(value * value, variance);
        variance
    }

    fn push(&mut self, square: f64, variance: f64) {
        push(&mut self.squares, square);
        push(&mut self.variances, variance);
    }
}

/// Puts a value before the others and drops the oldest.
fn push(values: &mut VecDeque<f64>, value: f64) {
    values.push_front(value);
    values.pop_back();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_follow_the_formula() {
        let parameters = Parameters {
            omega: 1.0,
            alpha: vec![0.2, 0.1],
            beta: vec![0.5],
            degrees_of_freedom: None,
        };
        let mut state = parameters.start(10.0);
        assert_eq!(state.update(&parameters, 2.0), 1.0 + 2.0 + 1.0 + 5.0);
        // 0.2 x 4 + 0.1 x 10 + 0.5 x 9
        assert!((parameters.next_variance(&state) - 7.3).abs() < 1e-12);
        let ahead = parameters.variances_ahead(&state, 2);
        // 0.2 x 7.3 + 0.1 x 4 + 0.5 x 7.3
        assert!((ahead[1] - 6.51).abs() < 1e-12, "{ahead:?}");
        assert!((parameters.mean_variance(&state, 2) - 6.905).abs() < 1e-12);
        assert!((parameters.long_run_variance() - 5.0).abs() < 1e-12);
        let far = parameters.variances_ahead(&state, 500);
        assert!((far[499] - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_backcast_is_of_the_first_returns() {
        assert_eq!(backcast(&[]), 0.0);
        assert_eq!(backcast(&[3.0]), 9.0);
        let returns: Vec<f64> = (0..200).map(|day| f64::from(day * day).sin()).collect();
        assert_eq!(backcast(&returns), backcast(&returns[..75]));
        assert_ne!(backcast(&returns), backcast(&returns[..74]));
    }

    #[test]
    fn a_state_goes_on_where_it_was() {
        let parameters = Parameters {
            omega: 0.1,
            alpha: vec![0.1],
            beta: vec![0.8, 0.05],
            degrees_of_freedom: None,
        };
        let returns: Vec<f64> = (0..120).map(|day| f64::from(day * day).sin()).collect();
        let mut state = parameters.after(&returns[..100]);
        for value in &returns[100..] {
            state.update(&parameters, *value);
        }
        assert_eq!(state, parameters.after(&returns));
    }
}

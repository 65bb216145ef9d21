//! The planted part: how returns revert against their own past, and what follows from it exactly.
//!
//! With `r` a coin's log return of one minute and `u` its shock (mean 0 given the past, whatever
//! its changing volatility):
//!
//! ```text
//! x[t]   = a x[t-1] + (1 - a) r[t]         a = 2^(-1 / half life)
//! r[t+1] = -phi x[t] + u[t+1]
//! ```
//!
//! So `x`, the exponential average of past returns, is known from past closes alone, and
//!
//! ```text
//! x[t+1] = rho x[t] + (1 - a) u[t+1]       rho = a - (1 - a) phi
//! E[r[t+1] + ... + r[t+h] | t] = -g(h) x[t],   g(h) = phi (1 - rho^h) / (1 - rho)
//! ```
//!
//! A shock `u[t+k]` enters the return over `h` minutes with the factor
//! `c(k) = 1 - (1 - a) g(h - k)`. With `s2` the shocks' variance, `x` has the variance
//! `(1 - a)^2 s2 / (1 - rho^2)`, and the squared correlation of the expectation with the return is
//! `g^2 var(x) / (g^2 var(x) + s2 sum c(k)^2)`: `s2` cancels, so it is the same for all coins.

/// The reversion's two constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reversion {
    /// How much of `x` remains after a minute.
    pub(super) decay: f64,
    /// How strongly returns revert against `x`.
    pub(super) strength: f64,
}

impl Reversion {
    /// The reversion whose best possible correlation over `horizon` minutes is `signal`; `None`
    /// when none is strong enough.
    pub(super) fn for_signal(signal: f64, horizon: f64, half_life: f64) -> Option<Self> {
        let decay = 0.5_f64.powf(1.0 / half_life);
        let with = |strength| Self { decay, strength };
        // Beyond this rho is negative: returns would zigzag.
        let strongest = decay / (1.0 - decay);
        if with(strongest).correlation(horizon) < signal {
            return None;
        }
        // The correlation is 0 without reversion and continuous, so bisection ends where it is
        // `signal`.
        let (mut low, mut high) = (0.0, strongest);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if with(middle).correlation(horizon) < signal {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(with(low))
    }

    /// `x` a minute later, given that minute's return.
    pub(super) fn next(self, average: f64, log_return: f64) -> f64 {
        self.decay * average + (1.0 - self.decay) * log_return
    }

    /// Expected log return of the next minute.
    pub(super) fn drift(self, average: f64) -> f64 {
        -self.strength * average
    }

    /// Expected log return over the next `minutes`.
    pub(super) fn expected(self, average: f64, minutes: f64) -> f64 {
        -self.gain(minutes) * average
    }

    /// The best possible correlation with the return over the next `minutes`; 0 where nothing can
    /// be forecast.
    pub(super) fn correlation(self, minutes: f64) -> f64 {
        let rho = self.rho();
        let planted = self.gain(minutes).powi(2) * self.average_variance();
        // c(k) = lasting + passing * rho^(h - k), squared and summed over k = 1 to h.
        let passing = (1.0 - self.decay) * self.strength / (1.0 - rho);
        let lasting = 1.0 - passing;
        let noise = lasting * lasting * minutes
            + 2.0 * lasting * passing * (1.0 - rho.powf(minutes)) / (1.0 - rho)
            + passing * passing * (1.0 - rho.powf(2.0 * minutes)) / (1.0 - rho * rho);
        if planted > 0.0 {
            (planted / (planted + noise)).sqrt()
        } else {
            0.0
        }
    }

    /// Variance of `x` where the shocks have variance 1.
    pub(super) fn average_variance(self) -> f64 {
        (1.0 - self.decay).powi(2) / (1.0 - self.rho().powi(2))
    }

    fn rho(self) -> f64 {
        self.decay - (1.0 - self.decay) * self.strength
    }

    fn gain(self, minutes: f64) -> f64 {
        let rho = self.rho();
        self.strength * (1.0 - rho.powf(minutes)) / (1.0 - rho)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Reversion;

    #[test]
    fn the_strength_found_gives_the_signal_asked_for() {
        for signal in [0.0, 0.02, 0.1, 0.25, 0.4] {
            for half_life in [10.0, 25.0, 60.0] {
                let reversion = Reversion::for_signal(signal, 15.0, half_life).unwrap();
                let found = reversion.correlation(15.0);
                assert!((found - signal).abs() < 1e-6, "{signal}: {reversion:?}");
            }
        }
        assert_eq!(Reversion::for_signal(0.9, 15.0, 1.0), None);
    }

    /// The closed form against the recursion, step by step.
    #[test]
    fn the_expectation_is_what_the_recursion_gives() {
        let reversion = Reversion::for_signal(0.25, 15.0, 25.0).unwrap();
        let (start, mut total) = (3e-4, 0.0);
        let mut average = start;
        for _ in 0..15 {
            let log_return = reversion.drift(average);
            total += log_return;
            average = reversion.next(average, log_return);
        }
        assert!((reversion.expected(start, 15.0) - total).abs() < 1e-12);
        assert!(total < 0.0);
        assert_eq!(reversion.expected(start, 0.0), 0.0);
    }
}

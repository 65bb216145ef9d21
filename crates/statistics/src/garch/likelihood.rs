//! How likely returns are under a GARCH model, and how that changes with its parameters.

use std::f64::consts::PI;

use super::digamma::digamma;
use super::state::backcast;
use super::{Errors, Model, Parameters};

/// The logarithm of the likelihood of returns, in the order of time, of which the variances start at
/// their own [`backcast`]; NaN where the parameters make no variance above 0.
pub fn log_likelihood(parameters: &Parameters, returns: &[f64]) -> f64 {
    let model = Model {
        arch_lags: parameters.alpha.len(),
        garch_lags: parameters.beta.len(),
        errors: match parameters.degrees_of_freedom {
            Some(_) => Errors::StudentT,
            None => Errors::Normal,
        },
    };
    let point: Vec<f64> = (std::iter::once(&parameters.omega))
        .chain(&parameters.alpha)
        .chain(&parameters.beta)
        .chain(&parameters.degrees_of_freedom)
        .copied()
        .collect();
    Likelihood::new(returns, model).at(&point, None)
}

/// The likelihood of some returns as a function of a point: omega, each alpha, each beta, and the degrees
/// of freedom of Student's t distribution.
pub(super) struct Likelihood {
    filter: Filter,
    errors: Errors,
    /// The derivatives by each variance, of the last point.
    slopes: Vec<f64>,
}

/// The variances of some returns.
struct Filter {
    arch_lags: usize,
    garch_lags: usize,
    /// The backcast as often as there are alphas, then the squared returns.
    squares: Vec<f64>,
    /// The variances behind as many backcasts as there are betas, of the last point.
    variances: Vec<f64>,
}

impl Filter {
    fn squares(&self) -> &[f64] {
        &self.squares[self.arch_lags..]
    }

    fn variances(&self) -> &[f64] {
        &self.variances[self.garch_lags..]
    }

    /// The alphas and the betas of a point.
    fn split<'a>(&self, point: &'a [f64]) -> (&'a [f64], &'a [f64]) {
        let (alpha, rest) = point[1..].split_at(self.arch_lags);
        (alpha, &rest[..self.garch_lags])
    }

    /// Computes the variances at a point, and gives each to `take` with the square of its return. A variance waits
    /// for the one before it, so that what `take` does meanwhile costs little: a second pass would cost more.
    fn run(&mut self, point: &[f64], mut take: impl FnMut(f64, f64)) {
        let (omega, (alpha, beta)) = (point[0], self.split(point));
        let (p, q) = (alpha.len(), beta.len());
        let own = &self.squares[p..];
        if let ([alpha], [beta]) = (alpha, beta) {
            let mut variance = self.variances[0];
            let squares = self.squares.iter().zip(own);
            for (next, (before, square)) in self.variances[1..].iter_mut().zip(squares) {
                variance = omega + alpha * before + beta * variance;
                *next = variance;
                take(variance, *square);
            }
            return;
        }
        for (time, square) in own.iter().enumerate() {
            let squares = self.squares[time..time + p].iter().rev();
            let variances = self.variances[time..time + q].iter().rev();
            let sum = |weights: &[f64], values: &mut dyn Iterator<Item = &f64>| -> f64 {
                weights.iter().zip(values).map(|(a, b)| a * b).sum()
            };
            let variance = omega + sum(alpha, &mut { squares }) + sum(beta, &mut { variances });
            self.variances[time + q] = variance;
            take(variance, *square);
        }
    }
}

impl Likelihood {
    pub fn new(returns: &[f64], model: Model) -> Self {
        let backcast = backcast(returns);
        let before = std::iter::repeat_n(backcast, model.arch_lags);
        let filter = Filter {
            arch_lags: model.arch_lags,
            garch_lags: model.garch_lags,
            squares: before
                .chain(returns.iter().map(|value| value * value))
                .collect(),
            variances: vec![backcast; model.garch_lags + returns.len()],
        };
        Self {
            filter,
            errors: model.errors,
            slopes: vec![0.0; returns.len()],
        }
    }

    /// The squared returns.
    pub fn squares(&self) -> &[f64] {
        self.filter.squares()
    }

    /// The variances of the last point.
    pub fn variances(&self) -> &[f64] {
        self.filter.variances()
    }

    /// The log-likelihood at a point; writes its derivatives by the point's numbers into `gradient`.
    pub fn at(&mut self, point: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let freedom = match self.errors {
            Errors::Normal => None,
            Errors::StudentT => point.last().copied(),
        };
        let Some(gradient) = gradient else {
            return match freedom {
                None => self.normal(point),
                Some(freedom) => self.student_t(point, freedom),
            };
        };
        let value = match freedom {
            None => self.normal_with_slopes(point),
            Some(freedom) => {
                let (value, slope) = self.student_t_with_slopes(point, freedom);
                if let Some(last) = gradient.last_mut() {
                    *last = slope;
                }
                value
            }
        };
        self.write_gradient(point, gradient);
        value
    }

    fn normal(&mut self, point: &[f64]) -> f64 {
        let mut ratios = 0.0;
        let take = |variance, square| ratios += square / variance;
        self.filter.run(point, take);
        self.normal_value(ratios)
    }

    fn normal_with_slopes(&mut self, point: &[f64]) -> f64 {
        let (mut ratios, mut slopes) = (0.0, self.slopes.iter_mut());
        let take = |variance: f64, square: f64| {
            let inverse = 1.0 / variance;
            let ratio = square * inverse;
            ratios += ratio;
            if let Some(slope) = slopes.next() {
                *slope = 0.5 * inverse * (ratio - 1.0);
            }
        };
        self.filter.run(point, take);
        self.normal_value(ratios)
    }

    /// The likelihood of normal errors whose squares, each divided by its variance, have this sum.
    fn normal_value(&self, ratios: f64) -> f64 {
        let constant = self.slopes.len() as f64 * (2.0 * PI).ln();
        -0.5 * (log_sum(self.variances()) + ratios + constant)
    }

    fn student_t(&mut self, point: &[f64], freedom: f64) -> f64 {
        let mut sum = 0.0;
        let take = |variance: f64, square: f64| {
            let excess = square / (variance * (freedom - 2.0));
            sum += 0.5 * (freedom + 1.0) * excess.ln_1p();
        };
        self.filter.run(point, take);
        self.student_t_value(freedom, sum)
    }

    /// Gives the derivative by the degrees of freedom too.
    fn student_t_with_slopes(&mut self, point: &[f64], freedom: f64) -> (f64, f64) {
        let rest = freedom - 2.0;
        let (mut sum, mut slope_sum, mut slopes) = (0.0, 0.0, self.slopes.iter_mut());
        let take = |variance: f64, square: f64| {
            let excess = square / (variance * rest);
            let (log, share) = (excess.ln_1p(), excess / (1.0 + excess));
            sum += 0.5 * (freedom + 1.0) * log;
            slope_sum += -0.5 * log + 0.5 * (freedom + 1.0) / rest * share;
            if let Some(slope) = slopes.next() {
                *slope = 0.5 / variance * ((freedom + 1.0) * share - 1.0);
            }
        };
        self.filter.run(point, take);
        let of_scale = 0.5 * (digamma(0.5 * (freedom + 1.0)) - digamma(0.5 * freedom) - 1.0 / rest);
        let slope = self.slopes.len() as f64 * of_scale + slope_sum;
        (self.student_t_value(freedom, sum), slope)
    }

    /// The likelihood of errors by Student's t whose excesses have this sum of weighted logarithms.
    fn student_t_value(&self, freedom: f64, sum: f64) -> f64 {
        self.slopes.len() as f64 * log_scale(freedom) - 0.5 * log_sum(self.variances()) - sum
    }

    /// From the derivatives by each variance alone to those by the parameters: backwards in time, as a
    /// variance is part of those after it.
    fn write_gradient(&mut self, point: &[f64], gradient: &mut [f64]) {
        let (slopes, filter) = (&mut self.slopes, &self.filter);
        let (alpha, beta) = filter.split(point);
        let (p, q) = (alpha.len(), beta.len());
        if let ([_], [beta]) = (alpha, beta) {
            let (mut later, mut sums) = (0.0, [0.0; 3]);
            let before = filter.squares.iter().zip(&filter.variances);
            for (slope, (square, variance)) in slopes.iter().zip(before).rev() {
                later = slope + beta * later;
                sums[0] += later;
                sums[1] += later * square;
                sums[2] += later * variance;
            }
            gradient[..3].copy_from_slice(&sums);
            return;
        }
        gradient[..1 + p + q].fill(0.0);
        for time in (0..slopes.len()).rev() {
            let later = slopes[time + 1..].iter().zip(beta);
            let slope = slopes[time] + later.map(|(slope, beta)| slope * beta).sum::<f64>();
            slopes[time] = slope;
            gradient[0] += slope;
            for lag in 0..p {
                gradient[1 + lag] += slope * filter.squares[time + p - 1 - lag];
            }
            for lag in 0..q {
                gradient[1 + p + lag] += slope * filter.variances[time + q - 1 - lag];
            }
        }
    }
}

/// The sum of the logarithms of some numbers: that of the product of eight at a time, which takes an eighth of the
/// logarithms. NaN where one is not above 0.
fn log_sum(values: &[f64]) -> f64 {
    let of_some = |some: &[f64]| {
        let product: f64 = some.iter().product();
        match product.is_normal() && some.iter().all(|value| *value > 0.0) {
            true => product.ln(),
            // Too large or too small a product.
            false => some.iter().map(|value| value.ln()).sum(),
        }
    };
    values.chunks(8).map(of_some).sum()
}

/// Logarithm of the constant of Student's t density with the variance 1.
fn log_scale(freedom: f64) -> f64 {
    libm::lgamma(0.5 * (freedom + 1.0))
        - libm::lgamma(0.5 * freedom)
        - 0.5 * (PI * (freedom - 2.0)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 sin(i^2) (1 + sin(i / 10) / 2) of i = 1..300.
    fn returns() -> Vec<f64> {
        let value = |i: i32| {
            let i = f64::from(i);
            3.0 * (i * i).sin() * (1.0 + 0.5 * (i / 10.0).sin())
        };
        (1..=300).map(value).collect()
    }

    #[test]
    fn the_likelihood_equals_that_of_numpy() {
        let parameters = Parameters {
            omega: 0.5,
            alpha: vec![0.1],
            beta: vec![0.85],
            degrees_of_freedom: None,
        };
        let found = log_likelihood(&parameters, &returns());
        assert!(
            (found / -665.867_144_843_147_3 - 1.0).abs() < 1e-12,
            "{found}"
        );
    }

    #[test]
    fn a_sum_of_logarithms_is_that_of_each() {
        let values: Vec<f64> = (1..=21).map(|i| f64::from(i).powi(3) / 7.0).collect();
        let expected: f64 = values.iter().map(|value| value.ln()).sum();
        assert!((log_sum(&values) - expected).abs() < 1e-12);
        // A product of eight is 0 or endless.
        for extreme in [1e-300, 1e300] {
            let expected = 8.0 * f64::ln(extreme);
            assert!((log_sum(&[extreme; 8]) / expected - 1.0).abs() < 1e-12);
        }
        // That of two below 0 is not.
        assert!(log_sum(&[-1.0, -1.0]).is_nan());
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood() {
        for errors in [Errors::Normal, Errors::StudentT] {
            for (p, q) in [(1, 1), (2, 1), (1, 2), (3, 2), (2, 0)] {
                let model = Model {
                    arch_lags: p,
                    garch_lags: q,
                    errors,
                };
                let mut point = vec![0.4];
                point.extend((0..p).map(|lag| 0.15 / (lag + 1) as f64));
                point.extend((0..q).map(|lag| 0.4 / (lag + 1) as f64));
                point.extend((errors == Errors::StudentT).then_some(5.0));
                let mut likelihood = Likelihood::new(&returns(), model);
                let mut gradient = vec![0.0; point.len()];
                let value = likelihood.at(&point, Some(&mut gradient));
                assert!((value - likelihood.at(&point, None)).abs() < 1e-9);
                for (place, found) in gradient.iter().enumerate() {
                    let mut at = |step: f64| {
                        let mut point = point.clone();
                        point[place] += step;
                        likelihood.at(&point, None)
                    };
                    let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                    let off = (found - expected).abs();
                    assert!(
                        off < 1e-5 * expected.abs().max(1.0),
                        "{model:?} {place}: {found} {expected}"
                    );
                }
            }
        }
    }
}

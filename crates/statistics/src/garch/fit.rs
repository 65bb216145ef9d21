//! The parameters under which returns are the likeliest.

use std::cell::RefCell;
use std::fmt;

use slsqp::{Func, StopTols, SuccessStatus, minimize};

use super::likelihood::Likelihood;
use super::{Errors, Model, Parameters};

/// Returns that a fit needs.
const LEAST_RETURNS: usize = 100;

/// A fit whose persistence is closer to 1 has ended on the bound: its variances return to no level.
const STATIONARY: f64 = 1.0 - 1e-8;

/// Most times that the likelihood is computed.
const MOST_STEPS: usize = 500;

/// The search ends where a step changes the likelihood of a return by less: a millionth of all 600.
const TOLERANCE: f64 = 1e-10;

/// Degrees of freedom of Student's t distribution: below the first its variance has no end, and above the
/// last it is the normal one.
const FREEDOM: (f64, f64) = (2.05, 500.0);

/// Starting values: the sum of the alphas, and the persistence.
const START_ALPHAS: [f64; 4] = [0.01, 0.05, 0.1, 0.2];
const START_PERSISTENCE: [f64; 4] = [0.5, 0.7, 0.9, 0.98];

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The parameters, with a persistence below 1.
    pub parameters: Parameters,
    /// Logarithm of the returns' likelihood.
    pub log_likelihood: f64,
}

/// Why returns have no model, so that something simpler has to stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoFit {
    /// There are fewer than 100 returns, or they are all 0 or not all finite.
    TooFewReturns,
    /// The search found no maximum of the likelihood.
    NotConverged,
    /// The likeliest model has a persistence of 1: its variances return to no level.
    NotStationary,
}

impl fmt::Display for NoFit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::TooFewReturns => "fewer than 100 returns",
            Self::NotConverged => "no maximum of the likelihood was found",
            Self::NotStationary => "alpha + beta is 1",
        })
    }
}

impl std::error::Error for NoFit {}

/// Fits a model to returns, in order of time, by maximum likelihood.
///
/// The search is sequential quadratic programming (Kraft, "A software package for sequential quadratic
/// programming", DFVLR-FB 88-28, 1988) within the bounds omega > 0, alpha >= 0, beta >= 0 and alpha +
/// beta <= 1. Returns that are twice as large have an omega four times as large and the same other
/// parameters. `arch` and the books advise returns in percent; here their scale does not matter.
///
/// # Errors
/// Why there is no model.
pub fn fit(returns: &[f64], model: &Model) -> Result<Fit, NoFit> {
    let mean_square = returns.iter().map(|value| value * value).sum::<f64>() / returns.len() as f64;
    let is_usable = mean_square > 0.0 && mean_square.is_finite();
    if returns.len() < LEAST_RETURNS || !is_usable {
        return Err(NoFit::TooFewReturns);
    }
    let scale = mean_square.sqrt();
    let scaled: Vec<f64> = returns.iter().map(|value| value / scale).collect();
    let start = start(&scaled, model);
    let (point, value) = maximize(Likelihood::new(&scaled, *model), model, &start)?;
    let (alpha, rest) = point[1..].split_at(model.arch_lags);
    let (beta, freedom) = rest.split_at(model.garch_lags);
    let parameters = Parameters {
        omega: point[0] * mean_square,
        alpha: alpha.to_vec(),
        beta: beta.to_vec(),
        degrees_of_freedom: freedom.first().copied(),
    };
    if parameters.persistence() > STATIONARY {
        return Err(NoFit::NotStationary);
    }
    Ok(Fit {
        parameters,
        log_likelihood: value - returns.len() as f64 * scale.ln(),
    })
}

/// The likeliest of some points with normal errors, of returns with the mean square 1; with the degrees
/// of freedom that the kurtosis of its errors has.
fn start(returns: &[f64], model: &Model) -> Vec<f64> {
    let (p, q) = (model.arch_lags, model.garch_lags);
    let point = |alpha: f64, persistence: f64| -> Vec<f64> {
        let of_alpha = std::iter::repeat_n(alpha / p as f64, p);
        let rest = persistence - if p > 0 { alpha } else { 0.0 };
        let of_beta = std::iter::repeat_n(rest / q as f64, q);
        std::iter::once(1.0 - persistence)
            .chain(of_alpha)
            .chain(of_beta)
            .collect()
    };
    let points = START_ALPHAS
        .iter()
        .flat_map(|&alpha| START_PERSISTENCE.map(|persistence| point(alpha, persistence)));
    let errors = Errors::Normal;
    let mut normal = Likelihood::new(returns, Model { errors, ..*model });
    let mut best = (f64::NEG_INFINITY, point(0.1, 0.9));
    for candidate in points {
        let value = normal.at(&candidate, None);
        if value > best.0 {
            best = (value, candidate);
        }
    }
    let mut start = best.1;
    if model.errors == Errors::StudentT {
        normal.at(&start, None);
        start.push(start_freedom(&normal));
    }
    start
}

/// The degrees of freedom of a t distribution with the kurtosis of the errors, at least 4; 12 where that is
/// little more than that of normal errors.
fn start_freedom(likelihood: &Likelihood) -> f64 {
    let pairs = likelihood.squares().iter().zip(likelihood.variances());
    let ratios: Vec<f64> = pairs.map(|(square, variance)| square / variance).collect();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / ratios.len() as f64;
    let second = mean(&mut ratios.iter().copied());
    let fourth = mean(&mut ratios.iter().map(|ratio| ratio * ratio));
    match fourth / (second * second) {
        kurtosis if kurtosis > 3.75 => ((4.0 * kurtosis - 6.0) / (kurtosis - 3.0)).max(4.0),
        _ => 12.0,
    }
}

/// The point of the highest likelihood, and that likelihood.
fn maximize(
    likelihood: Likelihood,
    model: &Model,
    start: &[f64],
) -> Result<(Vec<f64>, f64), NoFit> {
    let count = likelihood.squares().len() as f64;
    let likelihood = RefCell::new(likelihood);
    // The mean over returns, so that the steps do not depend on how many there are.
    let loss = |point: &[f64], gradient: Option<&mut [f64]>, (): &mut ()| -> f64 {
        let mut likelihood = likelihood.borrow_mut();
        match gradient {
            None => -likelihood.at(point, None) / count,
            Some(gradient) => {
                let value = likelihood.at(point, Some(&mut *gradient));
                gradient.iter_mut().for_each(|slope| *slope /= -count);
                -value / count
            }
        }
    };
    let lags = model.arch_lags + model.garch_lags;
    let persistence = |point: &[f64], gradient: Option<&mut [f64]>, (): &mut ()| -> f64 {
        if let Some(gradient) = gradient {
            gradient.fill(0.0);
            gradient[1..=lags].fill(1.0);
        }
        point[1..=lags].iter().sum::<f64>() - 1.0
    };
    let bounds: Vec<(f64, f64)> = std::iter::once((1e-8, 10.0))
        .chain(std::iter::repeat_n((0.0, 1.0), lags))
        .chain((model.errors == Errors::StudentT).then_some(FREEDOM))
        .collect();
    let constraints: [&dyn Func<()>; 1] = [&persistence];
    let stop = StopTols {
        ftol_abs: TOLERANCE,
        ..StopTols::default()
    };
    let found = minimize(
        loss,
        start,
        &bounds,
        &constraints,
        (),
        MOST_STEPS,
        Some(stop),
    );
    match found {
        Ok((SuccessStatus::MaxEvalReached, ..)) | Err(_) => Err(NoFit::NotConverged),
        Ok((_, _, value)) if !value.is_finite() => Err(NoFit::NotConverged),
        Ok((_, point, value)) => Ok((point, -value * count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_model_says_why() {
        let model = Model::default();
        assert_eq!(fit(&[0.1; 99], &model), Err(NoFit::TooFewReturns));
        assert_eq!(fit(&[0.0; 200], &model), Err(NoFit::TooFewReturns));
        let mut returns = vec![0.1; 200];
        returns[7] = f64::NAN;
        assert_eq!(fit(&returns, &model), Err(NoFit::TooFewReturns));
        assert_eq!(fit(&[], &model), Err(NoFit::TooFewReturns));
    }

    /// A variance that only grows is likeliest where nothing of it is forgotten.
    #[test]
    fn a_variance_without_a_level_is_refused() {
        let growing = |day: i32| f64::from(day * day).sin() * (0.01 * f64::from(day)).exp();
        let returns: Vec<f64> = (0..400).map(growing).collect();
        assert_eq!(fit(&returns, &Model::default()), Err(NoFit::NotStationary));
    }

    #[test]
    fn the_scale_of_returns_does_not_matter() {
        let returns: Vec<f64> = (1..=300)
            .map(|i| f64::from(i * i).sin() * (1.0 + 0.5 * (f64::from(i) / 10.0).sin()))
            .collect();
        let small: Vec<f64> = returns.iter().map(|value| value / 128.0).collect();
        let model = Model::default();
        let (large, small) = (fit(&returns, &model).unwrap(), fit(&small, &model).unwrap());
        assert!((large.parameters.alpha[0] - small.parameters.alpha[0]).abs() < 1e-12);
        let ratio = large.parameters.omega / small.parameters.omega;
        assert!((ratio - 128.0 * 128.0).abs() < 1e-6, "{ratio}");
    }
}

//! A GARCH model of each coin's returns.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statistics::garch;

use super::ewma;
use super::model::{Model, ModelSettings};
use crate::observations::Observations;
use crate::training::Training;
use crate::{Distribution, Error, GarchOptions, Parameters};

/// Returns are fitted to in percent, where the optimizer's steps are of a good size.
const PERCENT: f64 = 100.0;

/// The least volatility per day whose logarithm is taken.
const LEAST: f64 = 1e-4;

/// A forecast further from its fit than so many bars begins anew with the long-run variance.
const MEMORY_BARS: usize = 1000;

const DAY_MS: i64 = 86_400_000;

/// The model.
pub(crate) fn init(settings: &ModelSettings<'_>) -> Box<dyn Model> {
    let config = settings.config;
    Box::new(Garch {
        model: model(settings.garch),
        least_returns: settings.garch.least_returns,
        steps: config.horizon_bars().max(1),
        bars_a_day: (DAY_MS / config.data.interval.ms()).max(1) as f64,
        otherwise: ewma::init(settings),
    })
}

/// The orders and errors that the options ask for.
fn model(options: &GarchOptions) -> garch::Model {
    garch::Model {
        arch_lags: options.arch_order,
        garch_lags: options.garch_order,
        errors: match options.distribution {
            Distribution::Normal => garch::Errors::Normal,
            Distribution::StudentT => garch::Errors::StudentT,
        },
    }
}

/// A model of each coin alone, which forecasts the mean variance of the bars of the horizon.
#[derive(Debug)]
struct Garch {
    model: garch::Model,
    least_returns: usize,
    /// Bars of the horizon.
    steps: usize,
    bars_a_day: f64,
    /// For coins that it cannot be fitted to.
    otherwise: Box<dyn Model>,
}

/// What was fitted to a coin, with its variance after the last return that the fit knew.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct CoinFit {
    parameters: garch::Parameters,
    state: garch::State,
}

impl Garch {
    /// Fits the returns of a coin that are known; the reason where that is not possible.
    fn fit_coin(&self, returns: &[f64]) -> Result<CoinFit, String> {
        let known: Vec<f64> = percent(returns).collect();
        if known.len() < self.least_returns {
            return Err(format!("with fewer than {} returns", self.least_returns));
        }
        let fit = garch::fit(&known, &self.model).map_err(|reason| reason.to_string())?;
        Ok(CoinFit {
            state: fit.parameters.after(&known),
            parameters: fit.parameters,
        })
    }

    /// The log volatility per day of the horizon after a state.
    fn forecast_after(&self, parameters: &garch::Parameters, state: &garch::State) -> f64 {
        let variance = parameters.mean_variance(state, self.steps) * self.bars_a_day;
        (variance.sqrt() / PERCENT).max(LEAST).ln()
    }
}

/// A coin's state, row by row.
struct Walk<'a> {
    fit: &'a CoinFit,
    returns: &'a [f64],
    /// The last row whose return the fit knew; None where that is before the panel.
    known_row: Option<usize>,
    start: Option<Start>,
    state: garch::State,
    /// The first row whose return the state does not know.
    next: usize,
}

/// Where a state begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// With that of the fit, which knows the returns up to this row.
    Fit(usize),
    /// With the long-run variance before this row.
    LongRun(usize),
}

impl<'a> Walk<'a> {
    fn new(fit: &'a CoinFit, returns: &'a [f64], known_row: Option<usize>) -> Self {
        Self {
            fit,
            returns,
            known_row,
            start: None,
            state: fit.state.clone(),
            next: 0,
        }
    }

    /// The state after `row`. It is the fit's own, brought up to `row`; a row before those that the fit knew is
    /// forecast by the returns up to it alone. It does not depend on the rows that were asked for before: those are
    /// only not walked again.
    fn to(&mut self, row: usize) -> &garch::State {
        let oldest = (row + 1).saturating_sub(MEMORY_BARS);
        let start = match self
            .known_row
            .filter(|known| (oldest..=row).contains(known))
        {
            Some(known) => Start::Fit(known),
            None => Start::LongRun(oldest),
        };
        let CoinFit { parameters, state } = self.fit;
        if self.start != Some(start) || self.next > row + 1 {
            (self.state, self.next) = match start {
                Start::Fit(known) => (state.clone(), known + 1),
                Start::LongRun(oldest) => {
                    (parameters.start(parameters.long_run_variance()), oldest)
                }
            };
            self.start = Some(start);
        }
        for x in percent(&self.returns[self.next..=row]) {
            self.state.update(parameters, x);
        }
        self.next = row + 1;
        &self.state
    }
}

/// The known ones of some returns, in percent.
fn percent(returns: &[f64]) -> impl Iterator<Item = f64> {
    let known = returns.iter().filter(|value| value.is_finite());
    known.map(|value| PERCENT * value)
}

impl Model for Garch {
    fn description(&self) -> &'static str {
        "GARCH (Bollerslev 1986) of each coin's returns, of mean 0, fitted by likelihood to all returns known at the refit; \
         the forecast is the mean variance of the bars of the horizon. A coin with too few returns, or whose fit does not \
         converge or is not stationary, is forecast by the exponentially weighted mean."
    }

    fn is_corrected(&self) -> bool {
        false
    }

    fn history_bars(&self) -> usize {
        // The return of the oldest bar needs the close before it.
        self.otherwise.history_bars().max(MEMORY_BARS + 1)
    }

    fn fit(&self, training: &Training<'_>) -> Result<Parameters, Error> {
        let seen = training.seen;
        let of_coin = |coin: usize| self.fit_coin(&seen.returns(coin)[..=training.known_row]);
        let fits: Vec<Result<CoinFit, String>> =
            (0..seen.coins()).into_par_iter().map(of_coin).collect();
        let mut parameters = Parameters::default();
        for (symbol, fit) in seen.panel().symbols().iter().zip(fits) {
            match fit {
                Ok(fit) => parameters.set_coin(symbol, &fit),
                Err(reason) => *parameters.unfitted.entry(reason).or_default() += 1,
            }
        }
        Ok(parameters)
    }

    fn forecast(
        &self,
        (parameters, from_ms): (&Parameters, i64),
        seen: &Observations<'_>,
        rows: &[usize],
    ) -> Vec<f64> {
        let (coins, known_row) = (seen.coins(), seen.panel().row_of(from_ms));
        let mut forecasts = self.otherwise.forecast((parameters, from_ms), seen, rows);
        for (coin, symbol) in seen.panel().symbols().iter().enumerate() {
            let Some(fit) = parameters.coin::<CoinFit>(symbol) else {
                continue;
            };
            let mut walk = Walk::new(&fit, seen.returns(coin), known_row);
            for (place, &row) in rows.iter().enumerate() {
                let forecast = self.forecast_after(&fit.parameters, walk.to(row));
                forecasts[place * coins + coin] = forecast;
            }
        }
        forecasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was walked before changes nothing: rows in any order, before and after what the fit knew, and where
    /// the memory ends.
    #[test]
    fn a_row_has_one_state() {
        let returns: Vec<f64> = (0..1_300)
            .map(|day| 0.01 * f64::from(day * day).sin())
            .collect();
        let parameters = garch::Parameters {
            omega: 0.1,
            alpha: vec![0.1],
            beta: vec![0.8],
            degrees_of_freedom: None,
        };
        let after = |start: garch::State, rows: std::ops::RangeInclusive<usize>| {
            percent(&returns[rows]).fold(start, |mut state, value| {
                state.update(&parameters, value);
                state
            })
        };
        let fit = CoinFit {
            state: parameters.after(&percent(&returns[..=150]).collect::<Vec<_>>()),
            parameters: parameters.clone(),
        };
        let long_run = || parameters.start(parameters.long_run_variance());
        for known_row in [None, Some(150)] {
            let mut walk = Walk::new(&fit, &returns, known_row);
            for row in [149, 150, 151, 140, 155, 1_149, 1_150, 1_151, 1_299, 0, 150] {
                let expected = match known_row.filter(|_| (150..=1_149).contains(&row)) {
                    Some(known) => after(fit.state.clone(), known + 1..=row),
                    None => after(long_run(), (row + 1).saturating_sub(MEMORY_BARS)..=row),
                };
                assert_eq!(walk.to(row), &expected, "{known_row:?} {row}");
            }
        }
    }
}

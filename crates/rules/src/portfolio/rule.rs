//! The rule: from forecasts and what is held to orders.
//!
//! Partial adjustment as in Gârleanu and Pedersen, "Dynamic trading with predictable returns and
//! transaction costs", Journal of Finance 68 (2013): the position goes part of the way to what the
//! forecasts ask for. Their costs grow with the square of a trade. A fee does not, so that a trade
//! is left out here which its forecast does not pay.

use super::covariance::{Covariance, Covariances};
use super::market::Market;
use super::signal::{Fit, Signal};

/// What is held against the market's moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Hedge {
    /// All coins in equal parts.
    Basket,
    /// One coin.
    Coin(usize),
}

/// Largest positions, as fractions of the capital.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Caps {
    /// Of one coin.
    pub coin: f64,
    /// Of the sum of all sizes.
    pub gross: f64,
}

/// What the rule knows in one fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    /// What earlier folds say of the forecasts.
    pub fit: Fit,
    /// Times the positions that the expected returns ask for.
    pub scale: f64,
    /// What a fill costs, as a fraction of its value.
    pub cost: f64,
    /// None: unhedged.
    pub hedge: Option<Hedge>,
    /// None: without.
    pub caps: Option<Caps>,
}

impl Rule {
    /// The own position of a coin that is wanted next.
    ///
    /// Forecasts shrink by `1 - persistence` a bar. So a position goes as large a part of its way
    /// to the aim, and what a forecast promises over its life is the expected return of a bar
    /// divided by that. A trade against its own forecast, or one that costs more than that, is
    /// left out.
    fn wanted(&self, held: f64, forecast: f64, aim: f64) -> f64 {
        if !forecast.is_finite() {
            return held;
        }
        let fading = 1.0 - self.fit.persistence;
        let step = fading * (self.scale * self.fit.slope * aim - held);
        let promised = self.fit.slope * forecast / fading * step.signum();
        if self.cost > 0.0 && promised < self.cost {
            return held;
        }
        held + step
    }
}

/// A portfolio that follows the rule.
pub(super) struct Trader<'a> {
    market: &'a Market,
    signal: &'a Signal,
    covariances: &'a Covariances,
    /// Units that are held as a hedge, as if all orders had been filled.
    hedge_units: Vec<f64>,
    /// Own positions that are wanted.
    wanted: Vec<f64>,
}

impl<'a> Trader<'a> {
    pub fn new(market: &'a Market, signal: &'a Signal, covariances: &'a Covariances) -> Self {
        Self {
            market,
            signal,
            covariances,
            hedge_units: vec![0.0; market.coins()],
            wanted: vec![0.0; market.coins()],
        }
    }

    /// Writes the values to buy at `bar`, given the units held.
    pub fn decide(&mut self, rule: &Rule, bar: usize, units: &[f64], orders: &mut [f64]) {
        for (coin, wanted) in self.wanted.iter_mut().enumerate() {
            let mark = self.market.mark(bar, coin);
            *wanted = 0.0;
            if mark > 0.0 {
                let held = (units[coin] - self.hedge_units[coin]) * mark;
                let (own, aim) = (self.signal.own(bar, coin), self.signal.aim(bar, coin));
                *wanted = rule.wanted(held, own, aim);
            }
        }
        if let Some(caps) = rule.caps {
            within(&mut self.wanted, caps);
        }
        let covariance = self.covariances.of_day(self.market.day(bar));
        let hedge = rule
            .hedge
            .map(|hedge| (hedge, self.against(hedge, bar, covariance)));
        for (coin, order) in orders.iter_mut().enumerate() {
            let mark = self.market.mark(bar, coin);
            *order = 0.0;
            if mark > 0.0 {
                let hedge = match hedge {
                    Some((Hedge::Basket, value)) => value,
                    Some((Hedge::Coin(hedged), value)) if hedged == coin => value,
                    _ => 0.0,
                };
                *order = self.wanted[coin] + hedge - units[coin] * mark;
                self.hedge_units[coin] = hedge / mark;
            }
        }
    }

    /// Value of each coin of the hedge that leaves the wanted positions without the market's moves.
    fn against(&self, hedge: Hedge, bar: usize, covariance: &Covariance) -> f64 {
        let betas = || covariance.beta.iter().enumerate();
        let exposure: f64 = betas().map(|(coin, beta)| beta * self.wanted[coin]).sum();
        let is_hedge = |coin: usize| match hedge {
            Hedge::Basket => self.market.mark(bar, coin) > 0.0,
            Hedge::Coin(hedged) => coin == hedged,
        };
        let beta: f64 = betas()
            .filter(|(coin, _)| is_hedge(*coin))
            .map(|(_, beta)| beta)
            .sum();
        if beta > 0.0 { -exposure / beta } else { 0.0 }
    }
}

/// Cuts each position to its cap, then all of them alike to the cap of their sum.
fn within(positions: &mut [f64], caps: Caps) {
    for position in positions.iter_mut() {
        *position = position.clamp(-caps.coin, caps.coin);
    }
    let gross: f64 = positions.iter().map(|position| position.abs()).sum();
    if gross > caps.gross {
        positions
            .iter_mut()
            .for_each(|position| *position *= caps.gross / gross);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(cost: f64) -> Rule {
        Rule {
            fit: Fit {
                slope: 0.5,
                persistence: 0.75,
            },
            scale: 2.0,
            cost,
            hedge: None,
            caps: None,
        }
    }

    #[test]
    fn a_position_goes_part_of_its_way_where_the_forecast_pays_it() {
        // The aim is 2 x 0.5 x 0.3, a quarter of the way to it from 0.1 is 0.05.
        assert!((rule(0.0).wanted(0.1, 1e-3, 0.3) - 0.15).abs() < 1e-15);
        // The forecast promises 0.5 x 1e-3 / 0.25 = 20 basis points over its life.
        assert!((rule(0.0019).wanted(0.1, 1e-3, 0.3) - 0.15).abs() < 1e-15);
        assert_eq!(rule(0.0021).wanted(0.1, 1e-3, 0.3), 0.1);
        // The position is beyond the aim: to sell is against the forecast.
        assert_eq!(rule(0.0001).wanted(0.5, 1e-3, 0.3), 0.5);
        assert!((rule(0.0).wanted(0.5, 1e-3, 0.3) - 0.45).abs() < 1e-15);
        assert_eq!(
            rule(0.0).wanted(0.1, f64::NAN, 0.3),
            0.1,
            "no forecast, no trade"
        );
    }

    #[test]
    fn caps_cut_each_coin_and_then_all() {
        let mut positions = [0.5, -0.2, 0.1];
        within(
            &mut positions,
            Caps {
                coin: 0.3,
                gross: 0.3,
            },
        );
        let expected = [0.15, -0.1, 0.05];
        for (found, expected) in positions.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found}");
        }
    }
}

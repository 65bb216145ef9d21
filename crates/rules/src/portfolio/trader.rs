//! A portfolio that follows the rule, bar by bar.

use super::covariance::{Covariance, Covariances};
use super::marked_prices::MarkedPrices;
use super::own_forecasts::OwnForecasts;
use super::rule::{Hedge, PartialAdjustment};
use super::spreads::Spreads;

/// How coins move, which positions are sized by.
#[derive(Clone, Copy)]
pub(super) struct Risk<'a> {
    /// Of each day.
    pub covariances: &'a Covariances,
    /// Variance of each bar and coin, `[bars, coins]`; NaN where it is not known.
    pub current: &'a [f64],
}

/// What a fill costs, as far as the rule knows it.
#[derive(Clone, Copy)]
pub(super) struct FillCosts<'a> {
    /// The fee, as a fraction of the value.
    pub fee: f64,
    /// None: no half a spread is paid.
    pub spreads: Option<&'a Spreads>,
}

/// Decides orders from forecasts, risk, costs, and what was filled.
pub(super) struct Trader<'a> {
    prices: &'a MarkedPrices,
    forecasts: &'a OwnForecasts,
    risk: Risk<'a>,
    costs: FillCosts<'a>,
    coins: Vec<TradedCoin>,
    /// Expected returns of a bar, residual variances, aims, and own positions that are wanted: one
    /// a coin, of the bar that is decided at.
    expected: Vec<f64>,
    residual: Vec<f64>,
    aims: Vec<f64>,
    wanted: Vec<f64>,
}

/// What a trader remembers of a coin: units held, and those ordered last.
#[derive(Debug, Clone, Copy, Default)]
struct TradedCoin {
    units: f64,
    /// The part of them that is a hedge.
    hedge: f64,
    /// Units of the last order, and the part of them that changes the hedge.
    ordered: f64,
    ordered_hedge: f64,
}

impl TradedCoin {
    /// The units after the last order's fill: of what was filled, hedge and own position have
    /// their shares.
    fn filled(&mut self, units: f64) {
        let share = if self.ordered == 0.0 {
            1.0
        } else {
            ((units - self.units) / self.ordered).clamp(0.0, 1.0)
        };
        self.hedge += share * self.ordered_hedge;
        self.units = units;
        (self.ordered, self.ordered_hedge) = (0.0, 0.0);
    }
}

impl<'a> Trader<'a> {
    pub fn new(
        prices: &'a MarkedPrices,
        forecasts: &'a OwnForecasts,
        risk: Risk<'a>,
        costs: FillCosts<'a>,
    ) -> Self {
        let none = || vec![0.0; prices.coins()];
        Self {
            prices,
            forecasts,
            risk,
            costs,
            coins: vec![TradedCoin::default(); prices.coins()],
            expected: none(),
            residual: none(),
            aims: none(),
            wanted: none(),
        }
    }

    /// Writes the values to buy at `bar`, given the units held.
    pub fn decide(
        &mut self,
        rule: &PartialAdjustment<'_>,
        bar: usize,
        units: &[f64],
        orders: &mut [f64],
    ) {
        let covariance = self.risk.covariances.of_day(self.prices.day(bar));
        self.aim(rule, bar, covariance);
        let FillCosts { fee, spreads } = self.costs;
        for (coin, traded) in self.coins.iter_mut().enumerate() {
            traded.filled(units[coin]);
            let mark = self.prices.mark(bar, coin);
            self.wanted[coin] = if mark > 0.0 {
                let held = (traded.units - traded.hedge) * mark;
                let spread = spreads.map_or(0.0, |spreads| spreads.half(self.prices, bar, coin));
                let forecast = [self.expected[coin], self.aims[coin]];
                rule.wanted(held, forecast, fee + spread)
            } else {
                0.0
            };
        }
        if let Some(caps) = rule.caps {
            caps.cut(&mut self.wanted);
        }
        let hedge = rule
            .hedge
            .map(|hedge| (hedge, self.against(hedge, bar, covariance)));
        for (coin, order) in orders.iter_mut().enumerate() {
            let mark = self.prices.mark(bar, coin);
            *order = 0.0;
            if mark > 0.0 {
                let hedge = match hedge {
                    Some((Hedge::Basket, value)) => value,
                    Some((Hedge::Coin(hedged), value)) if hedged == coin => value,
                    _ => 0.0,
                };
                let traded = &mut self.coins[coin];
                *order = self.wanted[coin] + hedge - traded.units * mark;
                traded.ordered = *order / mark;
                traded.ordered_hedge = hedge / mark - traded.hedge;
            }
        }
    }

    /// Finds the expected returns and the positions that they ask for.
    fn aim(&mut self, rule: &PartialAdjustment<'_>, bar: usize, covariance: &Covariance) {
        let coins = self.prices.coins();
        for coin in 0..coins {
            let own = self.forecasts.own(bar, coin);
            let current = self.risk.current[bar * coins + coin];
            self.expected[coin] = rule.fit.expected(coin, own);
            self.residual[coin] = covariance.residual_now(coin, current);
        }
        covariance.markowitz(&self.expected, &self.residual, &mut self.aims);
    }

    /// Value of each coin of the hedge that leaves the wanted positions without the market's moves.
    fn against(&self, hedge: Hedge, bar: usize, covariance: &Covariance) -> f64 {
        let betas = || covariance.beta.iter().enumerate();
        let exposure: f64 = betas().map(|(coin, beta)| beta * self.wanted[coin]).sum();
        let is_hedge = |coin: usize| match hedge {
            Hedge::Basket => self.prices.mark(bar, coin) > 0.0,
            Hedge::Coin(hedged) => coin == hedged,
        };
        let beta: f64 = betas()
            .filter(|(coin, _)| is_hedge(*coin))
            .map(|(_, beta)| beta)
            .sum();
        if beta > 0.0 { -exposure / beta } else { 0.0 }
    }
}

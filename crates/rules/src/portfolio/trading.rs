//! A forecaster's portfolio over the traded folds, and what anyone could hold instead.

use std::ops::Range;

use super::PortfolioConfig;
use super::config::OrderKind;
use super::days::{PortfolioDay, YEAR, days};
use super::marked_prices::{FoldBars, MarkedPrices, is_price};
use super::own_forecasts::OwnForecasts;
use super::rule::{Hedge, PartialAdjustment, PositionCaps};
use super::simulation::{FillTerms, PortfolioPath, VolumeLimit, simulate};
use super::spreads::Spreads;
use super::trader::{FillCosts, Risk, Trader};

/// What all portfolios share.
pub(super) struct Ground<'a> {
    pub prices: &'a MarkedPrices,
    pub risk: Risk<'a>,
    pub spreads: &'a Spreads,
    /// All folds of the forecasts, in order.
    pub folds: &'a [FoldBars],
    /// Places of the folds that are traded.
    pub traded: Range<usize>,
    pub config: &'a PortfolioConfig,
}

impl Ground<'_> {
    /// The bars of the traded folds.
    pub fn bars(&self) -> Range<usize> {
        let folds = &self.folds[self.traded.clone()];
        let start = folds.first().map_or(0, |fold| fold.bars.start);
        start..folds.last().map_or(start, |fold| fold.bars.end)
    }

    fn terms(&self, kind: OrderKind) -> FillTerms<'_> {
        FillTerms {
            kind,
            spreads: self.spreads(kind),
            volume: Some(VolumeLimit {
                share: self.config.volume_share,
                capital: self.config.capital,
            }),
        }
    }

    /// What orders of a kind pay: who waits for a limit pays no half a spread.
    fn spreads(&self, kind: OrderKind) -> Option<&Spreads> {
        match kind {
            OrderKind::Taker => Some(self.spreads),
            OrderKind::Limit => None,
        }
    }

    /// Follows the forecasts at one fee, a fraction of a fill's value; each fold by what the ones before
    /// it say.
    pub fn follow(
        &self,
        forecasts: &OwnForecasts,
        hedge: Option<Hedge>,
        fee: f64,
    ) -> PortfolioPath {
        let caps = PositionCaps {
            coin: self.config.coin_cap,
            gross: self.config.gross_cap,
        };
        let rules: Vec<PartialAdjustment<'_>> = self
            .traded
            .clone()
            .map(|fold| PartialAdjustment {
                caps: Some(caps),
                ..self.rule(forecasts, hedge, fee, fold)
            })
            .collect();
        let folds = &self.folds[self.traded.clone()];
        let mut trader = self.trader(forecasts, fee);
        let mut place = 0;
        simulate(
            self.prices,
            self.bars(),
            self.terms(self.config.orders),
            |bar, units, orders| {
                while folds
                    .get(place + 1)
                    .is_some_and(|next| next.bars.start <= bar)
                {
                    place += 1;
                }
                trader.decide(&rules[place], bar, units, orders);
            },
        )
    }

    fn trader<'b>(&'b self, forecasts: &'b OwnForecasts, fee: f64) -> Trader<'b> {
        let costs = FillCosts {
            fee,
            spreads: self.spreads(self.config.orders),
        };
        Trader::new(self.prices, forecasts, self.risk, costs)
    }

    /// The rule of a fold: sized so that on the folds before it, without caps and limits, the root
    /// mean square of the daily profit was the target volatility.
    fn rule<'f>(
        &self,
        forecasts: &'f OwnForecasts,
        hedge: Option<Hedge>,
        fee: f64,
        fold: usize,
    ) -> PartialAdjustment<'f> {
        let unit = PartialAdjustment {
            fit: forecasts.fit(fold),
            scale: 1.0,
            hedge,
            caps: None,
        };
        let before = self.folds[0].bars.start..self.folds[fold].bars.start;
        let mut trader = self.trader(forecasts, fee);
        let unlimited = FillTerms {
            kind: OrderKind::Taker,
            volume: None,
            spreads: None,
        };
        let path = simulate(self.prices, before, unlimited, |bar, units, orders| {
            trader.decide(&unit, bar, units, orders);
        });
        // The last day may end in this fold: it is known up to the fold's begin.
        let days = days(&path, self.prices);
        let squares: f64 = days.iter().map(|day| day.profit.powi(2)).sum();
        let volatility = (squares / days.len() as f64 * YEAR).sqrt();
        let scale = self.config.target_volatility / volatility;
        PartialAdjustment {
            scale: if scale.is_finite() { scale } else { 0.0 },
            ..unit
        }
    }

    /// Buys fractions of the capital at each coin's first price in the traded folds, and holds them.
    pub fn hold(&self, weights: &[f64]) -> PortfolioPath {
        let bars = self.bars();
        let wanted = |coin: usize| {
            let mut marks = bars.clone().map(|bar| self.prices.mark(bar, coin));
            marks
                .find(|mark| is_price(*mark))
                .map_or(0.0, |mark| weights[coin] / mark)
        };
        let wanted: Vec<f64> = (0..weights.len()).map(wanted).collect();
        simulate(
            self.prices,
            bars,
            self.terms(OrderKind::Taker),
            |bar, units, orders| {
                for (coin, order) in orders.iter_mut().enumerate() {
                    let value = (wanted[coin] - units[coin]) * self.prices.mark(bar, coin);
                    *order = if value.is_finite() { value } else { 0.0 };
                }
            },
        )
    }

    /// All coins in equal parts, together as much as the positions of `path` add up to.
    pub fn matched(&self, path: &PortfolioPath) -> PortfolioPath {
        let coins = self.prices.coins() as f64;
        simulate(
            self.prices,
            self.bars(),
            self.terms(OrderKind::Taker),
            |bar, units, orders| {
                let last = bar.checked_sub(path.start + 1);
                let net = last.map_or(0.0, |last| path.bars[last].net);
                for (coin, order) in orders.iter_mut().enumerate() {
                    let value = net / coins - units[coin] * self.prices.mark(bar, coin);
                    *order = if value.is_finite() { value } else { 0.0 };
                }
            },
        )
    }

    /// The days of a path.
    pub fn days(&self, path: &PortfolioPath) -> Vec<PortfolioDay> {
        days(path, self.prices)
    }
}

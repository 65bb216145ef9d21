//! `return`: what the price does over the horizon.

use market::{Interval, SimulatedMarket};

use super::close_controls::close_controls;
use super::control::Control;
use super::price_controls::price_controls;
use super::target::{Payoff, Settings, Target, Task};
use super::values::{Targets, ratio};
use crate::{Column, Panel};

pub(super) fn init(settings: &Settings<'_>) -> Box<dyn Target> {
    Box::new(Return {
        interval: settings.interval,
        horizon_bars: settings.horizon_bars(),
    })
}

/// `close[t + h] / close[t] - 1`.
#[derive(Debug)]
struct Return {
    interval: Interval,
    horizon_bars: usize,
}

impl Target for Return {
    fn name(&self) -> &'static str {
        "return"
    }

    fn formula(&self) -> &'static str {
        "`close[t + h] / close[t] - 1`"
    }

    fn description(&self) -> &'static str {
        "What the price does over the horizon: what a position earns from the close of the last candle known, before costs."
    }

    fn reach_bars(&self) -> usize {
        self.horizon_bars
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
    }

    fn compute(&self, panel: &Panel) -> Targets {
        let value = |row, coin| ratio(panel, row, (row, row + self.horizon_bars), coin) - 1.0;
        Targets::of_each(panel, value)
    }

    fn unit(&self) -> &'static str {
        "share of the price"
    }

    fn task(&self) -> Task {
        Task::Return
    }

    fn controls(&self) -> Vec<Control> {
        let prices = price_controls(self.interval, self.horizon_bars);
        close_controls(self.interval)
            .into_iter()
            .chain(prices)
            .collect()
    }

    fn earned(&self) -> Payoff {
        Payoff::FromClose
    }

    fn oracle(&self, market: &SimulatedMarket, coin: usize, candle: usize) -> Option<f64> {
        Some(market.expected_return(coin, candle, self.horizon_bars))
    }
}

//! `gresearch`: the residual return of Kaggle's G-Research Crypto Forecasting.

use std::collections::BTreeMap;

use market::{Interval, Symbol};

use super::close_controls::close_controls;
use super::control::Control;
use super::target::{MOST_BARS, Payoff, Settings, Target, Task};
use super::values::{Targets, each, ratio};
use crate::features::trailing_mean;
use crate::{Column, Error, Panel, TimeSpan};

/// Weights of G-Research's competition, by base asset.
const WEIGHTS: [(&str, f64); 14] = [
    ("BTC", 6.7799),
    ("ETH", 5.8944),
    ("ADA", 4.4067),
    ("BNB", 4.3041),
    ("DOGE", 3.5553),
    ("BCH", 2.3979),
    ("LTC", 2.3979),
    ("ETC", 2.0794),
    ("XLM", 2.0794),
    ("TRX", 1.7918),
    ("XMR", 1.6094),
    ("EOS", 1.3863),
    ("IOTA", 1.0986),
    ("MKR", 1.0986),
];

pub(super) fn init(settings: &Settings<'_>) -> Box<dyn Target> {
    Box::new(GResearch {
        interval: settings.interval,
        horizon_bars: settings.horizon_bars(),
        beta_window: settings.beta_window,
        weights: settings.weights.clone(),
    })
}

/// `R - beta x M` with `R = ln(P[t+h+1] / P[t+1])`, M = sum(w R) / sum(w) over the coins that have
/// an R, and beta = mean(M R) / mean(M^2) over the last `target.beta_window`, 0 where undefined.
#[derive(Debug)]
struct GResearch {
    interval: Interval,
    horizon_bars: usize,
    beta_window: TimeSpan,
    /// `target.weights`
    weights: BTreeMap<String, f64>,
}

impl Target for GResearch {
    fn name(&self) -> &'static str {
        "gresearch"
    }

    fn formula(&self) -> &'static str {
        "`R - beta M`, where `R = ln(close[t + h + 1] / close[t + 1])`, `M` is the mean of R over the coins by their weights, and `beta = mean(M R) / mean(M^2)` over the last `target.beta_window`, 0 where it is undefined"
    }

    fn description(&self) -> &'static str {
        "What a coin does beside the market, as in Kaggle's competition G-Research Crypto Forecasting (2021). No position of one coin earns it."
    }

    fn reach_bars(&self) -> usize {
        self.horizon_bars + 1
    }

    fn columns(&self) -> &'static [Column] {
        &[Column::Close]
    }

    fn compute(&self, panel: &Panel) -> Targets {
        let (rows, coins) = (panel.rows(), panel.coins());
        let weights: Vec<f64> = panel
            .symbols()
            .iter()
            .map(|coin| self.weight(coin))
            .collect();
        let returns = each(panel, |row, coin| {
            ratio(panel, row, (row + 1, row + 1 + self.horizon_bars), coin).ln()
        });
        let market: Vec<f64> = (0..rows)
            .map(|row| {
                let present = || {
                    let returns = &returns[row * coins..(row + 1) * coins];
                    returns
                        .iter()
                        .zip(&weights)
                        .filter(|(value, _)| !value.is_nan())
                };
                let total: f64 = present().map(|(_, weight)| weight).sum();
                present().map(|(value, weight)| value * weight).sum::<f64>() / total
            })
            .collect();
        let window = self.beta_window.bars(self.interval);
        let mean = |values: Vec<f64>| trailing_mean(&values, window, panel.bar_number(0));
        let square = mean(market.iter().map(|m| m * m).collect());
        let mut residuals = returns.clone();
        for coin in 0..coins {
            let product = mean(
                (0..rows)
                    .map(|row| market[row] * returns[row * coins + coin])
                    .collect(),
            );
            for row in 0..rows {
                let beta = product[row] / square[row];
                let beta = if beta.is_finite() { beta } else { 0.0 };
                residuals[row * coins + coin] -= beta * market[row];
            }
        }
        Targets::new(residuals, coins)
    }

    fn unit(&self) -> &'static str {
        "residual log return"
    }

    fn task(&self) -> Task {
        Task::Return
    }

    fn controls(&self) -> Vec<Control> {
        close_controls(self.interval)
    }

    fn earned(&self) -> Payoff {
        Payoff::Nothing
    }

    fn default_weight(&self, symbol: &Symbol) -> f64 {
        let is_named = |&(base, _): &&(&str, f64)| {
            symbol
                .as_str()
                .strip_prefix(base)
                .is_some_and(|quote| ["USDT", "USD", "USDC", "BUSD", ""].contains(&quote))
        };
        WEIGHTS
            .iter()
            .find(is_named)
            .map_or(1.0, |&(_, weight)| weight)
    }

    fn validate(&self) -> Result<(), Error> {
        self.beta_window
            .check_bars("target.beta_window", self.interval, (1, MOST_BARS))
    }
}

impl GResearch {
    /// The coin's weight in the market return.
    fn weight(&self, symbol: &Symbol) -> f64 {
        let chosen = self.weights.get(symbol.as_str()).copied();
        chosen.unwrap_or_else(|| self.default_weight(symbol))
    }
}

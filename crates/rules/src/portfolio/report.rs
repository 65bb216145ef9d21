//! What a comparison of portfolios found: plain values that become tables, JSON or charts.

use serde::Serialize;
use statistics::{Moments, deflated_sharpe_ratio, sharpe_ratio};

use super::PortfolioConfig;
use super::days::{PortfolioFigures, finite};

/// What a portfolio follows or holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Holding {
    /// A run's forecasts.
    Forecasts {
        /// What forecast.
        forecaster: String,
        /// Its run.
        run: String,
        /// Whether the market's moves are hedged.
        hedged: bool,
    },
    /// A one-line control of the table, hedged.
    Control {
        /// Its name.
        name: String,
    },
    /// One coin, bought with the whole capital and held.
    Coin {
        /// Its symbol.
        symbol: String,
    },
    /// All coins in equal parts, bought with the whole capital and held.
    Basket,
    /// All coins in equal parts, together as much as the unhedged portfolio of a run holds.
    MatchedBasket {
        /// The run.
        run: String,
    },
}

impl Holding {
    /// A few words for tables.
    pub fn label(&self) -> String {
        match self {
            Self::Forecasts {
                forecaster,
                hedged: true,
                ..
            } => format!("{forecaster}, hedged"),
            Self::Forecasts { forecaster, .. } => format!("{forecaster}, raw"),
            Self::Control { name } => format!("{name}, hedged"),
            Self::Coin { symbol } => format!("{symbol} held"),
            Self::Basket => "basket held".to_owned(),
            Self::MatchedBasket { .. } => "basket, exposure-matched".to_owned(),
        }
    }

    /// The run that it belongs to.
    pub fn run(&self) -> Option<&str> {
        match self {
            Self::Forecasts { run, .. } | Self::MatchedBasket { run } => Some(run),
            Self::Control { .. } | Self::Coin { .. } | Self::Basket => None,
        }
    }

    /// True for what follows the forecasts of a run.
    pub fn is_of_a_run(&self) -> bool {
        matches!(self, Self::Forecasts { .. })
    }

    /// True for what follows forecasts, a control's included: a trial of the study.
    pub fn is_trial(&self) -> bool {
        matches!(self, Self::Forecasts { .. } | Self::Control { .. })
    }
}

/// One portfolio at one fee.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PortfolioResult {
    /// What it follows or holds.
    pub holding: Holding,
    /// The fee of a fill, in basis points, that it was made for and is charged.
    pub fee_bps: f64,
    /// How it did.
    pub figures: PortfolioFigures,
    /// End of each of its UTC days, milliseconds since 1970; not in JSON.
    #[serde(skip)]
    pub day_ms: Vec<i64>,
    /// Profit of each day after costs, in parts of the capital; not in JSON.
    #[serde(skip)]
    pub profit: Vec<f64>,
}

impl PortfolioResult {
    /// Sharpe ratio of a day; None where it is undefined.
    pub fn daily_sharpe(&self) -> Option<f64> {
        finite(sharpe_ratio(&self.profit, 1.0))
    }
}

/// What the rule had fitted before a fold, of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldFit {
    /// What forecast.
    pub forecaster: String,
    /// Its run.
    pub run: String,
    /// The traded fold.
    pub fold: u32,
    /// Expected return over the target's reach for a forecast of 1, of all coins together; 0 where
    /// forecasts were worth nothing, which is then not traded.
    pub slope: f64,
    /// Standard deviation of the coins' true slopes, as far as their errors do not explain it.
    pub slope_spread: f64,
    /// Part of the way to its aim that a position goes in a bar.
    pub speed: f64,
}

/// All portfolios of some runs, their controls, and what anyone could hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PortfolioReport {
    /// The settings.
    pub config: PortfolioConfig,
    /// Number of coins.
    pub coins: usize,
    /// The traded folds.
    pub folds: Vec<u32>,
    /// The first bar that is decided at and the last one that is filled at, open times in UTC
    /// milliseconds.
    pub span_ms: [i64; 2],
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Bars from the forecast to the last price of its target.
    pub reach_bars: usize,
    /// What was fitted before each fold.
    pub fits: Vec<FoldFit>,
    /// The portfolios, fee by fee.
    pub results: Vec<PortfolioResult>,
    /// Trials of the study that the deflated Sharpe ratios count; None before they are known.
    pub trials: Option<Trials>,
}

/// All trials of a study so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trials {
    /// Their number.
    pub count: usize,
    /// Variance of their Sharpe ratios of a day.
    pub variance: f64,
}

impl Trials {
    /// Of the Sharpe ratios of a day of all trials; None where there are fewer than two.
    pub fn new(sharpes: &[f64]) -> Option<Self> {
        (sharpes.len() >= 2).then(|| Self {
            count: sharpes.len(),
            variance: Moments::new(sharpes).sample_std().powi(2),
        })
    }
}

impl PortfolioReport {
    /// The report with the deflated Sharpe ratios that so many trials leave.
    pub fn deflated(mut self, trials: Trials) -> Self {
        for result in self.results.iter_mut().filter(|one| one.holding.is_trial()) {
            let moments = Moments::new(&result.profit);
            result.figures.deflated_sharpe = result.daily_sharpe().and_then(|sharpe| {
                finite(deflated_sharpe_ratio(
                    sharpe,
                    moments.count,
                    moments.skewness(),
                    moments.kurtosis(),
                    trials.count,
                    trials.variance,
                ))
            });
        }
        self.trials = Some(trials);
        self
    }

    /// The results at one of the fees.
    pub fn at_fee(&self, fee_bps: f64) -> impl Iterator<Item = &PortfolioResult> {
        self.results
            .iter()
            .filter(move |one| one.fee_bps == fee_bps)
    }
}

//! What a backtest found: plain values that become tables, CSV, JSON or charts.

use serde::Serialize;
use statistics::Overfitting;

use super::settings::{BarReturn, Direction};
use crate::Scope;

/// All trials, and the best one in detail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// Whose forecasts.
    pub forecaster: String,
    /// Its run.
    pub run: Option<String>,
    /// Quantile signals: what a forecast is ranked against; none where no trial is one.
    pub scope: Option<Scope>,
    /// Scope `trailing`: forecasts that one is ranked among.
    pub trailing_bars: usize,
    /// The fee of a fill in basis points.
    pub fee_bps: f64,
    /// Bars from the forecast to the bar that is earned first.
    pub entry_delay_bars: usize,
    /// Where the return of a bar comes from.
    pub bar_return: BarReturn,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// Number of coins.
    pub coins_total: usize,
    /// Times at which positions are decided.
    pub times: usize,
    /// The first and the last of them, UTC milliseconds.
    pub span_ms: [i64; 2],
    /// In the order they were given.
    pub trials: Vec<TrialResult>,
    /// Place of the trial with the highest Sharpe ratio after fees.
    pub best: usize,
    /// The best trial's coins, each traded alone with a capital of its own.
    pub coins: Vec<CoinBacktest>,
    /// Where several were tried: what is left of the best one's Sharpe ratio.
    pub deflated: Option<DeflatedSharpe>,
    /// Where several were tried: how often the best of one half is not above the median of the
    /// other.
    pub overfitting: Option<Overfitting>,
    /// The best trial bar by bar; not in JSON.
    #[serde(skip)]
    pub curve: Curve,
    /// The best trial's coins at the end of every UTC day; not in JSON.
    #[serde(skip)]
    pub days: Vec<DayEquity>,
}

/// One rule and how it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialResult {
    /// The rule in a few words.
    pub label: String,
    /// Which signals were followed.
    pub direction: Direction,
    /// Bars that a signal was held for.
    pub hold_bars: usize,
    /// How it did.
    pub performance: Performance,
    /// Positions whose bar's return is not known: they earned nothing and were closed.
    pub unknown_bars: usize,
}

/// One coin, traded alone with a whole capital.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoinBacktest {
    /// The coin.
    pub symbol: String,
    /// How it did.
    pub performance: Performance,
}

/// Figures of one series of bars, as fractions; what is undefined is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Performance {
    /// Number of bars.
    pub bars: usize,
    /// Growth of the capital before fees, each bar's profit compounded: 0.1 is 10 %.
    pub total_before_fees: f64,
    /// Growth of the capital after fees.
    pub total: f64,
    /// Sharpe ratio before fees, per year of 365 days, from the bars' profits.
    pub sharpe_before_fees: Option<f64>,
    /// Sharpe ratio after fees, per year.
    pub sharpe: Option<f64>,
    /// Sortino ratio after fees, per year.
    pub sortino: Option<f64>,
    /// Deepest fall of the capital before fees, 0 or below.
    pub max_drawdown_before_fees: Option<f64>,
    /// Deepest fall of the capital after fees.
    pub max_drawdown: Option<f64>,
    /// What is traded a bar, as a fraction of the capital, mean over bars.
    pub turnover: f64,
    /// Sum of the sizes of the positions, as a fraction of the capital, mean over bars.
    pub exposure: f64,
    /// The fee of a fill, in basis points, at which the sum of profits is 0; negative where it is
    /// below 0 without fees.
    pub break_even_bps: Option<f64>,
}

/// What is left of the best Sharpe ratio once it is known how many were tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DeflatedSharpe {
    /// Number of trials.
    pub trials: usize,
    /// Variance of their Sharpe ratios per bar.
    pub variance: f64,
    /// The Sharpe ratio per bar that the best of as many worthless trials is expected to show.
    pub expected_maximum: f64,
    /// Probability that the best one's true Sharpe ratio is above that.
    pub probability: Option<f64>,
}

/// A series of bars; all columns have one entry a bar.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Time at which the positions were decided, UTC milliseconds.
    pub time_ms: Vec<i64>,
    /// Profit before fees, as a fraction of the capital.
    pub gross: Vec<f64>,
    /// Profit after fees.
    pub net: Vec<f64>,
    /// What was traded, as a fraction of the capital.
    pub traded: Vec<f64>,
    /// Sum of the sizes of the positions, as a fraction of the capital.
    pub exposure: Vec<f64>,
    /// A capital of 1, each bar's profit before fees compounded on it.
    pub equity_before_fees: Vec<f64>,
    /// The same after fees.
    pub equity: Vec<f64>,
    /// The alpha factor; NaN where it is undefined.
    pub alpha: Vec<f64>,
}

/// One coin's capital at the end of a UTC day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayEquity {
    /// Begin of the day, UTC milliseconds.
    pub day_ms: i64,
    /// The coin.
    pub symbol: String,
    /// A capital of 1 before fees.
    pub equity_before_fees: f64,
    /// After fees.
    pub equity: f64,
}

//! What holding the coins with the highest (lowest) forecasts would have earned, bar by bar, before
//! and after fees.

mod alpha;
mod bars;
mod positions;
mod result;
mod run;
mod settings;
mod simulation;

pub use alpha::alpha_factor;
pub use result::{
    Backtest, CoinBacktest, Curve, DayEquity, DeflatedSharpe, Performance, TrialResult,
};
pub use run::backtest;
pub use settings::{BacktestOptions, BarReturn, Direction, SignalRule, Trial};

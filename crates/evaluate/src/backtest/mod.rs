//! What holding the coins with the highest (lowest) forecasts would have earned, bar by bar, before
//! and after fees.

mod alpha;
mod bars;
mod overfitting;
mod positions;
mod result;
mod run;
mod settings;
mod simulation;
mod table;

pub use alpha::{alpha_factor, rolling_z_score};
pub use overfitting::{Overfitting, probability_of_overfitting};
pub use result::{
    Backtest, CoinBacktest, Curve, DayEquity, DeflatedSharpe, Performance, TrialResult,
};
pub use run::backtest;
pub(crate) use table::{COLUMNS, cells};

pub use settings::{BacktestOptions, BarReturn, Direction, Signal, Trial};

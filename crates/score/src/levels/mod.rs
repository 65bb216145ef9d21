//! Forecasts of volatility: what is published of the level, its classes, days drawn again, and what
//! a report says of them.

mod coins;
mod comparison;
mod control_classes;
mod day_draws;
mod details;
mod forecast;
mod level_rows;
mod report;
mod scoring;

pub(crate) use coins::coin_r2;
pub(crate) use day_draws::SummedValues;
pub(crate) use forecast::RegimeRow;
pub use forecast::{AboveForecast, LevelForecast, Quantity, REGIMES, RegimeForecast};
pub(crate) use level_rows::LevelRows;
pub use report::{
    AboveScore, CallScore, ClassScore, CoinLevel, LevelBin, LevelScore, ProbabilityBin, RegimeScore,
};
pub(crate) use scoring::score_levels;

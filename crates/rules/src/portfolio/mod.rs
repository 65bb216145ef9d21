//! A portfolio of all coins by the forecasts: expected returns and a trailing covariance give
//! positions, which go part of the way to them where the forecasts pay the costs.

mod config;
mod covariance;
mod days;
mod market;
mod report;
mod rule;
mod run;
mod signal;
mod simulation;
#[cfg(test)]
mod tests;
mod trading;

pub use config::PortfolioConfig;
pub use days::PortfolioFigures;
pub use report::{FoldFit, Holding, PortfolioReport, PortfolioResult, Trials};
pub use run::{PortfolioOptions, portfolio};

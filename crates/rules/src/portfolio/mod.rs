//! A portfolio of all coins by the forecasts: expected returns and a trailing covariance give
//! positions, which go part of the way to them where the forecasts pay the costs.

mod config;
mod covariance;
mod days;
mod marked_prices;
mod own_forecasts;
mod report;
mod rule;
mod run;
mod simulation;
mod spreads;
#[cfg(test)]
mod tests;
mod trader;
mod trading;

pub use config::{OrderKind, PortfolioConfig, SpreadModel};
pub use days::{LimitOrders, PortfolioFigures};
pub use report::{FoldFit, Holding, PortfolioReport, PortfolioResult, Trials};
pub use run::{PortfolioOptions, portfolio};

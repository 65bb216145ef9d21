//! The commands that look at forecasts: `quarterhour evaluate RUN...`, `controls`, `across`,
//! `cadence`, `calibration`, `thresholds`, `quantiles`, `backtest`, `timing`, `portfolio` and `exposure`, one file each.
//!
//! They read runs and candles, hand them to `score` and `rules`, and print or
//! write what `page` makes of the result.

mod across;
mod backtest;
mod cadence;
mod calibration;
mod exposure;
mod oracle;
mod part;
mod portfolio;
mod quantiles;
mod runs;
mod score_runs;
mod selection;
mod study;
mod thresholds;
mod timing;

pub use across::AcrossArgs;
pub use backtest::BacktestArgs;
pub use cadence::CadenceArgs;
pub use calibration::CalibrationArgs;
pub use exposure::ExposureArgs;
pub use portfolio::PortfolioArgs;
pub use quantiles::QuantileArgs;
pub use score_runs::{Args, Command, ControlArgs, run};
pub use thresholds::TuneArgs;
pub use timing::TimingArgs;

//! Forecasts in the units of returns: what was realized for a forecast of so much, coin by coin.

mod expected;
mod line;
mod pairs;
mod reliability;
mod report;

pub use expected::{CoinCalibration, FoldCalibration, calibrations, expected_returns};
pub use line::Calibration;
pub use pairs::ReturnPart;
pub use reliability::ReliabilityBin;
pub use report::{CalibrationReport, CalibrationScore, CoinReliability, Line, calibration};

//! Scores forecasts honestly: correlations, information coefficients, errors and block-bootstrap
//! intervals, beside controls that know nothing or next to nothing.
//!
//! [`score`] puts every [`ForecastColumn`] on the same [`Rows`] and returns a [`Report`], which
//! serializes to one JSON object; [`across`] does so on several panels and takes the means.
//! [`calibration`] compares expected with realized returns, and [`expected_returns`] are what rules
//! trade on. The metrics are one list, [`METRICS`]. Nothing here reads or writes anything, or knows
//! a table, a candle or a model.

mod across;
mod break_even;
mod calibration;
mod common_rows;
mod concentration;
mod controls;
mod daily;
mod error;
mod interval_report;
mod interval_scores;
mod labels;
mod levels;
mod metrics;
mod options;
mod over_days;
mod past_intervals;
mod prediction_intervals;
mod price_errors;
mod ranks;
mod ratio;
mod report;
mod resampling;
mod rows;
mod scoring;
mod shuffled;
mod sign_rule;
mod variants;

pub use across::{
    Across, AcrossFigure, AcrossFigures, PanelFigure, PanelForecasts, PanelSpan, across,
};
pub use break_even::{BreakEven, BreakEvenFees};
pub use calibration::{
    Calibration, CalibrationReport, CalibrationScore, CoinCalibration, CoinReliability,
    FoldCalibration, Line, ReliabilityBin, ReturnPart, calibration, calibrations, expected_returns,
};
pub use concentration::Concentration;
pub use controls::controls;
pub use error::Error;
pub use interval_report::{IntervalReport, IntervalScores, IntervalValue};
pub use interval_scores::score_intervals;
pub use levels::{
    AboveForecast, AboveScore, CallScore, ClassScore, CoinLevel, LevelBin, LevelForecast,
    LevelScore, ProbabilityBin, Quantity, REGIMES, RegimeForecast, RegimeScore,
};
pub use metrics::{
    Better, ByMetric, Estimate, INTERVAL_METRICS, IntervalMetric, METRICS, Metric, ReportSection,
    Sample, Unit, Value, metrics_reference,
};
pub use options::Options;
pub use over_days::{daily_ics, daily_scores, days_of, mean_over_days};
pub use prediction_intervals::PredictionIntervals;
pub use report::{Concentrations, Difference, Report, Score};
pub use rows::{ForecastColumn, Rows, check_forecasters};
pub use scoring::{score, score_by};
pub use shuffled::{SHUFFLED_ORDERS, Shuffled, Spread};

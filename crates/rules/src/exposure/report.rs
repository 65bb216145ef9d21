//! What rules of exposure brought: plain values that become one JSON object or tables.

use serde::Serialize;

use super::cut_report::CutReport;
use super::figures::{ExposureFigures, ExposureValue};
use super::options::ExposureOptions;
use super::rule::ExposureRule;

/// Rules of exposure by forecasts of volatility, beside holding all coins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExposureReport {
    /// Times at which positions may change.
    pub times: usize,
    /// Number of coins.
    pub coins: usize,
    /// First and last time, UTC milliseconds.
    pub span_ms: [i64; 2],
    /// The settings.
    pub options: ExposureOptions,
    /// Days of a block of the bootstrap.
    pub block_days: usize,
    /// All coins held in full.
    pub hold: ExposureFigures,
    /// The capital of that at every time, from 1.
    #[serde(skip)]
    pub hold_capital: Vec<(i64, f64)>,
    /// Where each run calls High, where mistakes about it have costs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<CutReport>,
    /// Each rule by each forecaster.
    pub results: Vec<ExposureResult>,
}

/// One rule by one forecaster, beside the same average exposure held constantly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExposureResult {
    /// The rule.
    pub rule: ExposureRule,
    /// The forecaster: a run, a control, or `oracle`, which knows what comes.
    pub forecaster: String,
    /// The run; None for controls and the oracle.
    pub run: Option<String>,
    /// What the rule brought.
    pub figures: ExposureFigures,
    /// What its average exposure brings where it is held constantly.
    pub constant: ExposureFigures,
    /// Sharpe ratio minus that of the constant exposure.
    pub sharpe_minus_constant: ExposureValue,
    /// Growth minus that of the constant exposure.
    pub return_minus_constant: ExposureValue,
    /// Volatility minus that of the constant exposure.
    pub volatility_minus_constant: ExposureValue,
    /// Drawdown minus that of the constant exposure: above 0 the rule fell less.
    pub drawdown_minus_constant: ExposureValue,
    /// The capital at every time, from 1: of the rule.
    #[serde(skip)]
    pub capital: Vec<(i64, f64)>,
    /// The same of the constant exposure.
    #[serde(skip)]
    pub constant_capital: Vec<(i64, f64)>,
}

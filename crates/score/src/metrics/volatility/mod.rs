//! Metrics of volatility: of rows and forecasts that are logs of volatilities per day. Intervals are
//! percentiles over draws of days in circular blocks.

pub(super) mod above_brier;
pub(super) mod above_ece;
pub(super) mod above_log_loss;
pub(super) mod accuracy;
pub(super) mod accuracy_gain;
mod areas;
pub(super) mod auc_high;
pub(super) mod auc_ovr;
pub(super) mod average_precision;
mod base;
pub(super) mod brier;
pub(super) mod calibration_intercept;
pub(super) mod calibration_slope;
pub(super) mod coverage_80;
pub(super) mod coverage_95;
mod cross_section;
pub(super) mod ece;
pub(super) mod log_loss;
pub(super) mod macro_f1;
pub(super) mod mae;
pub(super) mod mape;
pub(super) mod qlike;
pub(super) mod r2;
pub(super) mod r2_market;
pub(super) mod r2_neutral;
pub(super) mod r2_within_coin;
pub(super) mod rmse;
pub(super) mod spearman;
pub(super) mod spearman_per_day;
mod sums;
pub(super) mod top20_hit;
pub(super) mod width_80;
pub(super) mod width_95;

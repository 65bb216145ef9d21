//! Every metric of a report, one file each, in one list: tables, JSON, the page, means over panels
//! and the book's reference read it.

mod coverage;
mod delayed;
mod delayed_neutral;
mod diebold_mariano_p;
mod directional_accuracy;
mod estimate;
mod ic;
mod ic_a_day;
mod ic_a_day_above_zero;
mod ic_a_day_best_day;
mod ic_a_day_raw;
mod ic_a_day_without_best_three;
mod ic_std;
mod icir;
mod interval_metric;
mod interval_score;
mod mae;
mod mape;
mod metric;
mod neutral;
mod pearson;
mod price_mae;
mod price_r2;
mod price_rmse;
mod rank_correlation;
mod rank_ic;
mod rank_ic_delayed;
mod rank_ic_std;
mod rank_icir;
mod reference;
mod return_r2;
mod rmse;
mod sample;
mod scaled;
mod sign_drawdown;
mod sign_sharpe;
mod skill;
mod smape;
mod value;
mod values;
mod volatility;
mod weighted;
mod width;

pub use estimate::Estimate;
pub use interval_metric::IntervalMetric;
pub use metric::{Better, Metric, ReportSection, Unit};
pub use reference::metrics_reference;
pub use sample::Sample;
pub(crate) use sample::SharedDraws;
pub use value::Value;
pub use values::ByMetric;
pub(crate) use values::MetricEntry;

/// Every metric, in the order of the tables: those of returns, then those of volatility.
pub const METRICS: &[Metric] = &[
    ic_a_day::METRIC,
    ic_a_day_raw::METRIC,
    delayed::METRIC,
    delayed_neutral::METRIC,
    pearson::METRIC,
    neutral::METRIC,
    rank_ic_delayed::METRIC,
    rank_ic::METRIC,
    ic_a_day_without_best_three::METRIC,
    ic_a_day_best_day::METRIC,
    ic_a_day_above_zero::METRIC,
    scaled::METRIC,
    weighted::METRIC,
    rank_correlation::METRIC,
    ic::METRIC,
    ic_std::METRIC,
    icir::METRIC,
    rank_ic_std::METRIC,
    rank_icir::METRIC,
    directional_accuracy::METRIC,
    mae::METRIC,
    rmse::METRIC,
    mape::METRIC,
    skill::METRIC,
    diebold_mariano_p::METRIC,
    smape::METRIC,
    price_mae::METRIC,
    price_rmse::METRIC,
    price_r2::METRIC,
    return_r2::METRIC,
    sign_sharpe::METRIC,
    sign_drawdown::METRIC,
    volatility::qlike::METRIC,
    volatility::r2::METRIC,
    volatility::spearman_per_day::METRIC,
    volatility::top20_hit::METRIC,
    volatility::rmse::METRIC,
    volatility::mae::METRIC,
    volatility::mape::METRIC,
    volatility::r2_market::METRIC,
    volatility::r2_neutral::METRIC,
    volatility::r2_within_coin::METRIC,
    volatility::spearman::METRIC,
    volatility::calibration_slope::METRIC,
    volatility::calibration_intercept::METRIC,
    volatility::coverage_80::METRIC,
    volatility::coverage_95::METRIC,
    volatility::width_80::METRIC,
    volatility::width_95::METRIC,
    volatility::log_loss::METRIC,
    volatility::brier::METRIC,
    volatility::accuracy::METRIC,
    volatility::accuracy_gain::METRIC,
    volatility::macro_f1::METRIC,
    volatility::auc_high::METRIC,
    volatility::auc_ovr::METRIC,
    volatility::average_precision::METRIC,
    volatility::ece::METRIC,
    volatility::above_brier::METRIC,
    volatility::above_log_loss::METRIC,
    volatility::above_ece::METRIC,
];

/// Every metric of prediction intervals, in the order of the tables.
pub const INTERVAL_METRICS: &[IntervalMetric] =
    &[coverage::METRIC, width::METRIC, interval_score::METRIC];

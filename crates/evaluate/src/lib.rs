//! Scores forecasts honestly: correlations, information coefficients, errors and block-bootstrap
//! intervals.
//!
//! Slices in, values or strings out: no input or output, no candles, no models; [`join`] knows the
//! forecast table, and that is all. [`score`] puts every [`Forecaster`] on the same [`Rows`] and
//! returns a [`Report`], which serializes to one JSON object and prints as text tables; [`across`]
//! does so on several panels and takes the means. The statistics it is made of are public functions
//! over slices. Only the commands ([`Args`], [`Command`]) read runs and candles and write files.

mod accuracy;
mod across;
mod backtest;
mod block_length;
mod bootstrap;
mod break_even;
mod coins_table;
mod commands;
mod concentration;
mod controls;
mod correlation;
mod cross_section;
mod daily;
mod deflated_sharpe;
mod error;
mod format;
mod ground;
mod html;
mod join;
mod mean;
mod metrics;
mod normal;
mod notes;
mod one_run;
mod options;
mod ordering;
mod performance;
mod quantiles;
mod ranks;
mod report;
mod resampling;
mod rows;
mod scoring;
mod shuffled;
mod table;
mod trade;
mod tuning;
mod variants;
mod verdict;

pub use accuracy::{directional_accuracy, mean_absolute_error, root_mean_squared_error};
pub use across::{Across, AcrossFigure, AcrossFigures, Panel, PanelFigure, PanelSpan, across};
pub use backtest::{
    Backtest, BacktestOptions, BarReturn, CoinBacktest, Curve, DayEquity, DeflatedSharpe,
    Direction, Overfitting, Performance, Signal, Trial, TrialResult, alpha_factor, backtest,
    probability_of_overfitting, rolling_z_score,
};
pub use block_length::optimal_block_length;
pub use bootstrap::{Interval, percentile_interval};
pub use break_even::{BreakEven, BreakEvenFees, break_even};
pub use commands::{
    AcrossArgs, Args, BacktestArgs, Command, ControlArgs, QuantileArgs, TuneArgs, run,
};
pub use concentration::Concentration;
pub use controls::{CONTROL_NAMES, controls, is_control};
pub use correlation::{average_ranks, pearson, spearman, weighted_pearson};
pub use cross_section::{
    InformationCoefficient, ic_per_timestamp, neutralize, rank_ic_per_timestamp, summarize_ic,
};
pub use deflated_sharpe::{
    deflated_sharpe_ratio, expected_maximum_sharpe, probabilistic_sharpe_ratio,
};
pub use error::Error;
pub use html::{
    FeatureImportance, Importance, Page, backtest_svg, folds_svg, html, importance_svg,
    quantiles_svg, thresholds_html, thresholds_svg,
};
pub use join::{Joined, Source, join};
pub use metrics::{
    Better, ByMetric, Estimate, METRICS, Metric, Place, Sample, Unit, Value, metrics_reference,
};
pub use normal::{normal_cdf, normal_quantile};
pub use one_run::{ScoredRun, score_run};
pub use options::Options;
pub use performance::{max_drawdown, sharpe_ratio, sortino_ratio};
pub use quantiles::{
    LookAhead, Quantile, QuantileOptions, QuantileReport, RankIc, Scope, quantile_bins, quantiles,
    trailing_bins,
};
pub use report::{Concentrations, Difference, Report, Score};
pub use rows::{Forecaster, Rows, timestamp_groups};
pub use scoring::{score, score_by};
pub use shuffled::{SHUFFLED_ORDERS, Shuffled, Spread};
pub use trade::{Calibration, CoinThresholds, Costs, Side, Thresholds, may_open};
pub use tuning::{
    Candidate, CoinTuning, DeflateBy, Deflation, Portfolio, Protocol, SideTuning, TradeStatistics,
    TuneOptions, Tuning, tune,
};

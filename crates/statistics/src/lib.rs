//! Statistics over slices of numbers: correlation, ranks, means, lines, block bootstrap,
//! performance, bins.
//!
//! Slices in, numbers out. Nothing here reads or writes anything, knows a table, a candle or a
//! model: the crate has no dependency that could.

mod accuracy;
mod bins;
mod block_indices;
mod block_length;
mod bootstrap;
pub mod classification;
mod conformal;
mod correlation;
mod cross_section;
mod deflated_sharpe;
mod diebold_mariano;
pub mod garch;
mod least_squares;
mod line;
mod mean;
mod mean_series;
mod model_confidence_set;
mod normal;
mod normal_equations;
mod ordering;
mod overfitting;
mod performance;
mod qlike;
mod range_volatility;
mod residual_distribution;
mod row_spans;
mod shrinkage;
mod solve;
mod student_t;
mod trailing_bins;
mod z_score;

pub use accuracy::{directional_accuracy, mean_absolute_error, root_mean_squared_error};
pub use bins::quantile_bins;
pub use block_indices::{circular_block_indices, stationary_block_indices};
pub use block_length::optimal_block_length;
pub use bootstrap::{
    ConfidenceInterval, Draws, MetricDraws, Series, draw, draw_mean, drawn_blocks, enough_blocks,
    minus, percentile_interval, quantile,
};
pub use conformal::{AdaptiveCoverage, conformal_quantile, interval_score};
pub use correlation::{average_ranks, pearson, spearman, weighted_pearson};
pub use cross_section::{
    InformationCoefficient, ic_per_timestamp, neutralize, rank_ic_per_timestamp, summarize_ic,
};
pub use deflated_sharpe::{
    deflated_sharpe_ratio, expected_maximum_sharpe, probabilistic_sharpe_ratio,
};
pub use diebold_mariano::{EqualLosses, diebold_mariano, newey_west_t};
pub use least_squares::{LeastSquares, least_squares};
pub use line::{LineFit, LineSums, fit_line};
pub use mean::{are_equal, mean};
pub use mean_series::MeanSeries;
pub use model_confidence_set::model_confidence_set;
pub use normal::{normal_cdf, normal_quantile};
pub use normal_equations::{ForecastSums, NormalEquations};
pub use overfitting::{Overfitting, probability_of_overfitting};
pub use performance::{Moments, max_drawdown, sharpe_ratio, sortino_ratio};
pub use qlike::qlike;
pub use range_volatility::{BarPrices, garman_klass, parkinson, rogers_satchell, yang_zhang};
pub use residual_distribution::ResidualDistribution;
pub use row_spans::{FoldSpan, RowSpans, timestamp_groups};
pub use shrinkage::{shrunk, variance_between};
pub use student_t::student_t_p_value;
pub use trailing_bins::trailing_bins;
pub use z_score::rolling_z_score;

//! What a person reads: tables for a terminal, HTML pages that need no other file, charts as SVG.
//!
//! Values of [`score`] and [`rules`] in, strings out: nothing here reads or writes anything.

mod html;
mod importance;
mod text;

pub use html::{
    Page, backtest_svg, dependence_svg, exposure_html, folds_svg, html, importance_svg,
    portfolio_html, quantiles_svg, thresholds_html, thresholds_svg, timing_html,
};
pub use importance::{
    Dependence, DependenceBin, FeatureImportance, FoldImportance, Importance, RankStability,
};
pub use text::{
    across_table, backtest_coins_csv, backtest_csv, backtest_table, calibration_coins,
    calibration_table, coins_table, exposure_table, portfolio_table, quantiles_csv,
    quantiles_table, score_table, thresholds_conclusion, thresholds_table, thresholds_warnings,
    timing_coins, timing_table,
};

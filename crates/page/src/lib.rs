//! What a person reads: tables for a terminal, HTML pages that need no other file, charts as SVG.
//!
//! Values of [`score`] and [`rules`] in, strings out: nothing here reads or writes anything.

mod chart;
mod document;
mod html;
mod importance;
mod picture;
mod text;

pub use chart::{
    Series, backtest_svg, bar_chart, dependence_svg, folds_svg, heatmap, histogram, importance_svg,
    line_chart, point_chart, quantiles_svg, row_chart, thresholds_svg,
};
pub use document::{Block, Document, Grid, GridCell, Section};
pub use html::{
    Page, RunPart, SeriesRole, exposure_html, html, parts_html, portfolio_html, run_verdict,
    thresholds_html, timing_html,
};
pub use importance::{
    Dependence, DependenceBin, FeatureImportance, FoldImportance, Importance, RankStability,
};
pub use picture::Chart;
pub use text::{
    across_table, backtest_coins_csv, backtest_csv, backtest_table, calibration_coins,
    calibration_table, coins_table, exposure_table, portfolio_table, quantiles_csv,
    quantiles_table, score_table, thresholds_conclusion, thresholds_table, thresholds_warnings,
    timing_coins, timing_table,
};

//! Pages as single HTML files that need nothing else, the comparison, thresholds and timing: tables,
//! and charts as SVG.

pub(crate) mod charts;
mod content;
mod deciles;
mod density_chart;
mod dependence_chart;
mod diagonal_chart;
mod document;
mod equity_chart;
mod exposure;
mod fold_chart;
mod importance_chart;
mod intervals;
mod level_classes;
mod level_scores;
mod levels;
mod opening;
mod page;
mod parts;
mod portfolio;
mod quantile_chart;
mod reliability;
mod scores;
mod shapes;
mod threshold_chart;
mod thresholds;
mod timing;
mod tips;
mod trading;

pub use charts::SeriesRole;
pub use content::Page;
pub use dependence_chart::dependence_svg;
pub use equity_chart::backtest_svg;
pub use exposure::exposure_html;
pub use fold_chart::folds_svg;
pub use importance_chart::importance_svg;
pub use opening::run_verdict;
pub use page::{html, run_opening, run_sections};
pub use portfolio::portfolio_html;
pub use quantile_chart::quantiles_svg;
pub use threshold_chart::thresholds_svg;
pub use thresholds::thresholds_html;
pub use timing::timing_html;

//! Pages as single HTML files that need nothing else, the comparison and the thresholds: tables,
//! and charts as SVG.

mod charts;
mod deciles;
mod equity_chart;
mod page;
mod quantile_chart;
mod threshold_chart;
mod thresholds;
mod trading;

pub use charts::importance_svg;
pub use equity_chart::backtest_svg;
pub use page::{Page, html};
pub use quantile_chart::quantiles_svg;
pub use threshold_chart::thresholds_svg;
pub use thresholds::thresholds_html;

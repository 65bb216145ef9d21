//! Pages as single HTML files that need nothing else, the comparison and the thresholds: tables, and charts as SVG.

mod charts;
mod deciles;
mod page;
mod threshold_chart;
mod thresholds;

pub use charts::importance_svg;
pub use page::{FeatureImportance, Importance, Page, html};
pub use threshold_chart::thresholds_svg;
pub use thresholds::thresholds_html;

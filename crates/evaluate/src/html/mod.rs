//! The comparison as one HTML file that needs nothing else: tables, and charts as SVG.

mod charts;
mod deciles;
mod page;

pub use charts::importance_svg;
pub use page::{FeatureImportance, Importance, Page, html};

//! Forecasts in bins of equal count, and what was realized in each.

mod order;
mod report;
mod scope;
mod summary;

pub use report::{LookAhead, Quantile, QuantileReport, RankIc};
pub use scope::{QuantileOptions, Scope};
pub use summary::quantiles;

pub(crate) use order::RowsByCoin;
pub(crate) use scope::{MOST_BINS, bins_of};

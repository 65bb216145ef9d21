//! Forecasts in bins of equal count, and what was realized in each.

mod cut;
mod order;
mod report;
mod scope;
mod summary;
mod table;
mod trailing;

pub use cut::quantile_bins;
pub use report::{LookAhead, Quantile, QuantileReport, RankIc};
pub use scope::{QuantileOptions, Scope};
pub use summary::quantiles;
pub use trailing::trailing_bins;

pub(crate) use order::Coins;
pub(crate) use scope::{MOST_BINS, bins_of};
pub(crate) use table::scope_words;

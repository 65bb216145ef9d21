//! From which forecast on a coin is worth buying or selling: thresholds tuned on one span of time,
//! judged on a later one.

mod candidates;
mod choice;
mod lines;
mod options;
mod result;
mod statistics;
mod table;
mod trades;

pub use choice::tune;
pub use options::{DeflateBy, Protocol, TuneOptions};
pub use result::{Candidate, CoinTuning, Deflation, Portfolio, SideTuning, Tuning};
pub use statistics::TradeStatistics;
pub(crate) use statistics::{mean_interval, pooled_interval};
pub(crate) use table::{COLUMNS, number, signed_percent};
pub(crate) use trades::CoinRows;

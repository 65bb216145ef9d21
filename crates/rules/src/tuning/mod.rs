//! From which forecast on a coin is worth buying or selling: thresholds tuned on one span of time,
//! judged on a later one.

mod candidates;
mod choice;
mod options;
mod result;
mod trade_statistics;
mod trades;

pub use choice::tune;
pub use options::{DeflateBy, TuneOptions, TuningProtocol};
pub use result::{Candidate, CoinTuning, Deflation, Portfolio, SideTuning, Tuning};
pub use trade_statistics::TradeStatistics;
pub(crate) use trade_statistics::{mean_interval, pooled_interval};
pub(crate) use trades::CoinRows;

//! `predict --watch`: a forecast of every minute as it closes, and pretend positions on it.

mod acting;
mod clock;
mod config;
mod feed;
mod log;
mod metrics;
mod session;
mod start;

pub use acting::{Acting, why_not};
pub use clock::ExchangeClock;
pub use config::WatchConfig;
pub use feed::{Feed, FeedFault, FeedSource, SETTLE_WITHOUT_AFTER_BARS};
pub use start::{WatchArgs, watch};

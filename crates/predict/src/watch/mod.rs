//! `quarterhour watch`: a forecast of every minute as it closes, and pretend positions on it.

mod arguments;
mod beside;
mod book;
mod clock;
mod coin;
mod config;
mod earlier;
mod end;
mod facts;
mod feed;
mod follow;
mod log;
mod metrics;
mod orders;
mod pause;
mod policy;
mod session;
mod show;
mod start;
mod state;
mod unseen;

pub use arguments::WatchArgs;
pub use beside::{PageArgs, PageServer};
pub use clock::{ExchangeClock, Reading};
pub use coin::SETTLE_WITHOUT_AFTER_BARS;
pub use config::WatchConfig;
pub use end::WatchEnd;
pub use facts::{ModelFacts, run_name};
pub use feed::{Feed, FeedFault, FeedSource};
pub use orders::{OrderArgs, known_z_scores};
pub use pause::{PauseCommand, local_ms};
pub use policy::{SignalPolicy, why_not};
pub use start::watch;

//! Forecasts from a saved run: of the minute that has just closed, of a past one, or of every
//! minute as it closes.

mod cache;
mod candles;
mod checkpoint;
mod drift;
mod ensemble;
mod forecast;
mod ledger;
mod live;
mod rule;
mod run;
mod seen;
mod watch;

pub use candles::{CandleSource, History, Missing};
pub use checkpoint::{Checkpoint, Fallback};
pub use drift::Drift;
pub use forecast::{CoinForecast, Forecasts, forecast_at};
pub use ledger::LedgerArgs;
pub use run::{Args, Command, WatchCommand, run};
pub use watch::{ExchangeClock, Feed, FeedSource, WatchArgs, WatchConfig};

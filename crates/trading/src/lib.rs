//! Paper trading: positions that only a ledger knows, opened on forecasts and closed at the
//! exchange's prices.
//!
//! - [`Ledger`]: one SQLite file of candles as they were known, forecasts, positions and decisions
//!   about orders, which a kill at any moment leaves whole.
//! - [`Account`]: what positions come to while a watch goes on.
//! - [`Order`]: a trade that a person wants done by a deadline.
//! - [`Status`]: what the watch says of itself once a bar, and whether it is paused.
//! - [`TradingConfig`]: costs and the rules of when a forecast is acted on.
//! - [`summarize`]: what came of it, per coin.
//!
//! Signal, costs and overlap are those of [`rules`], the same as in thresholds and backtest. No order
//! is ever sent.

mod account;
mod config;
mod error;
mod keeping;
mod ledger;
mod live_score;
mod opening;
mod order;
mod orders;
mod position;
mod rows;
mod schema;
mod status;
mod summary;

pub use account::Account;
pub use config::TradingConfig;
pub use error::Error;
pub use keeping::{Pruned, Retention};
pub use ledger::{IN_SAMPLE, Ledger, LoggedForecast, Minute, Price, Signal};
pub use live_score::{FEWEST_OUTCOMES, LivePearson, Outcome, live_pearson, rolling_pearson};
pub use order::{Order, OrderStep, by_order, part_left};
pub use position::Position;
pub use status::{
    AlertCounts, BarOutcome, BarsDelay, Connection, FaultCounts, FreshCoins, LivePearsonStatus,
    ModelStatus, Pause, Status, Verification, WatchStatus,
};
pub use summary::{
    CoinSummary, FEWEST_DAYS, SUMMARY_COLUMNS, summarize, summary_note, summary_table,
};

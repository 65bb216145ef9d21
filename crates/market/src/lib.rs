//! What a market is: symbols, intervals, candles, and the sources candles come from.
//!
//! - [`Symbol`], [`Market`], [`Interval`], [`Candle`]: the domain types every other crate uses.
//! - [`RestClient`]: candles from Binance REST; [`Served`] tells which of them can no longer
//!   change, and which cannot be.
//! - [`ArchiveClient`]: whole months and days from the exchange's archive, checked by their
//!   SHA-256.
//! - [`FundingRate`]: what long positions in futures pay short ones, from both.
//! - [`KlineStream`]: the same, announced by websocket as they close.
//! - [`simulate`]: a seeded, made-up market whose best possible forecast is known exactly.
//!
//! This crate knows no panel, no feature and no tensor, and writes no file.

mod address;
mod archive;
mod candle;
mod error;
mod funding;
mod interval;
mod rest;
mod simulated;
mod stream;
mod symbol;
mod time;

pub use archive::{ArchiveClient, ArchiveFile, Period};
pub use candle::Candle;
pub use error::{CandleError, Error};
pub use funding::FundingRate;
pub use interval::Interval;
pub use rest::{ClosedCandles, CoinCandles, RestClient, RestOptions, Served};
pub use simulated::{SimulatedCoin, SimulatedConfig, SimulatedMarket, simulate, simulate_coin};
pub use stream::KlineStream;
pub use symbol::{Market, Symbol};
pub use time::utc_text;

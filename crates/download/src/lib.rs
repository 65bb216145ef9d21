//! Fills the candle store from the exchange and from files, and says what it holds.

mod audit;
mod columns;
mod command;
mod fetch;
mod file_candles;
mod given;
mod import;
mod lock;
mod name;
mod read;
mod simulate;
mod spacing;
mod time;

pub use audit::AuditArgs;
pub use command::{Args, Command, run};
pub use fetch::{FetchArgs, run as fetch};
pub use given::read_candles;
pub use import::ImportArgs;
pub use simulate::SimulateArgs;

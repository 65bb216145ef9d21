//! A pretend exchange on loopback: serves stored candles by the exchange's own endpoints, as of its
//! own clock, and misbehaves as told.
//!
//! - [`Exchange`]: the server. REST, websocket and archive under one address.
//! - [`ReplayConfig`]: its clock and its [`Faults`]; all faults are off unless switched on.
//!
//! Everything it shows is a function of its clock: no candle is shown closed before it is closed.

mod answer;
mod archive;
mod bar;
mod calendar;
mod chance;
mod clock;
mod coin;
mod command;
mod config;
mod counts;
mod decimal;
mod exchange;
mod faults;
mod file;
mod rest;
mod server;
mod socket;

pub use command::{Args, run};
pub use config::{Faults, ReplayConfig};
pub use counts::Counts;
pub use exchange::Exchange;

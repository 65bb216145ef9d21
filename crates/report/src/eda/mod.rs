//! The data report: what the candles of a config are, before anything is forecast.

mod captions;
mod coin;
mod command;
mod correlation;
mod document;
mod faults;
mod figures;
mod histogram;
mod over_time;
mod returns;
mod samples;
mod sampling;
mod series;
mod sizes;
mod tables;
#[cfg(test)]
mod tests;
mod text;

pub use command::EdaArgs;
pub(crate) use command::run;
pub(crate) use document::{headline, methods, prices, sections};
pub(crate) use figures::Figures;

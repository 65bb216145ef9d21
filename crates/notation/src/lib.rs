//! How values are written in configs, files and messages: times in UTC, and numbers that a word
//! stands for; and which pair is Bitcoin's.
//!
//! The crate does no input or output, so that every other crate can use it.

mod bitcoin;
mod number_or_word;
mod time;

pub use bitcoin::bitcoin;
pub use number_or_word::{OrAll, OrOff, or_all, or_off};
pub use time::{YEAR_2100_MS, format_time, parse_time};

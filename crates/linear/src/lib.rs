//! A ridge regression that is refitted every day: the coins' own parts and the market's.
//!
//! Features are those of the set `relative`; targets are entered a bar later and measured in the
//! coin's trailing volatility. [`RidgeFit`] sums moments by day, once; every refit then solves two
//! small systems.

mod command;
mod config;
mod error;
mod fit;
mod fitted;
mod kind;
mod moments;
mod options;
mod recipe;
mod saved;
mod solve;
mod terms;
mod units;

pub use command::{Args, run};
pub use config::RidgeConfig;
pub use error::Error;
pub use fit::RidgeFit;
pub use fitted::{Fitted, Refit};
pub use kind::RidgeKind;
pub use options::RidgeOptions;

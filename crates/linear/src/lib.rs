//! A ridge regression that is refitted every day, or as `split.refit_every` says: the coins' own
//! parts and the market's.
//!
//! Features are those of the set `relative`; targets are entered a bar later and measured in the
//! coin's trailing volatility. [`RidgeFit`] sums moments by day, once; every refit then solves two
//! small systems. So a fold's refits are one piece here, with the coefficients of all of them in
//! one file: each forecast is that of the refit alone, but a year of days is no year of folders.

mod base;
mod coefficients;
mod command;
mod config;
mod error;
mod fit;
mod kind;
mod options;
mod recipe;
mod ridge_model;
mod saved;
mod terms;
mod units;

pub use base::{forecaster_on_base, recipe_on_base};
pub use command::{Args, run};
pub use config::RidgeConfig;
pub use error::Error;
pub use fit::RidgeFit;
pub use kind::RidgeKind;
pub use options::RidgeOptions;
pub use ridge_model::{Refit, RidgeModel};

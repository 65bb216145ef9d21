//! Classical models of volatility: what the last days say of the next ones.
//!
//! A model is a file in `models/` and a line in its list. All of them forecast the logarithm of the
//! target `volatility`, from terms of past
//! returns and ranges. A fold is one piece here, with what all its refits (`split.refit_every`) were fitted to in one file: a
//! refit costs next to nothing.

mod command;
mod config;
mod error;
mod fit;
mod fitted;
mod garch_options;
mod kind;
mod list;
mod loaded;
mod models;
mod observations;
mod options;
mod parameters;
mod recipe;
mod report;
mod saved;
mod terms;
mod training;
mod variants;

pub use command::{Args, run};
pub use config::VolatilityConfig;
pub use error::Error;
pub use fit::VolatilityFit;
pub use fitted::{Refit, VolatilityModel};
pub use garch_options::{Distribution, GarchOptions};
pub use kind::VolatilityKind;
pub use list::ModelKind;
pub use loaded::LoadedModel;
pub use options::{ResidualSource, VolatilityOptions};
pub use parameters::{Coefficient, Parameters};

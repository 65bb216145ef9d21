//! The models, a file each.

pub(crate) mod coin_mean;
mod control;
pub(crate) mod ewma;
pub(crate) mod garch;
pub(crate) mod har;
pub(crate) mod har_full;
pub(crate) mod log_har;
mod model;
pub(crate) mod naive;
pub(crate) mod parts;
pub(crate) mod parts_harq;
mod pooled;
pub(crate) mod range_har_gk;
pub(crate) mod range_har_pk;
pub(crate) mod term;
pub(crate) mod trailing_30d;
pub(crate) mod two_stage;

pub(crate) use model::{Model, ModelSettings};

//! LightGBM on the same data set, folds and metrics as the network.

mod error;
mod lightgbm;

pub use error::Error;
pub use lightgbm::{Binned, Booster, Importance, Library, Predict, VERSION};

//! A ridge regression that is refitted every day: the coins' own parts and the market's.
//!
//! Features are those of the set `relative`; targets are entered a bar later and measured in the
//! coin's trailing volatility. [`RidgeFit`] sums moments by day, once; every refit then solves two
//! small systems.

mod error;
mod fit;
mod fitted;
mod moments;
mod options;
mod solve;
mod terms;
mod units;

pub use error::Error;
pub use fit::RidgeFit;
pub use fitted::{Fitted, Refit};
pub use options::RidgeOptions;

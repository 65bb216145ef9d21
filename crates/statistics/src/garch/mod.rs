//! GARCH(p, q) of returns with the mean 0: the variance of each return from the returns before it.
//!
//! `variance[t] = omega + sum alpha[i] return[t - i]^2 + sum beta[j] variance[t - j]`, with i from 1 to p
//! and j from 1 to q: Bollerslev, "Generalized Autoregressive Conditional Heteroskedasticity", Journal of
//! Econometrics 31 (1986). Squares and variances before the first return are their [`backcast`].
//!
//! Variances have the unit of the squared returns. Fits are those of the Python package `arch`: the same
//! likelihood, starting values, bounds and algorithm, with the gradient computed and not estimated.

mod digamma;
mod fit;
mod likelihood;
mod parameters;
mod state;

pub use fit::{Fit, NoFit, fit};
pub use likelihood::log_likelihood;
pub use parameters::{Errors, Model, Parameters};
pub use state::{State, backcast};

//! Our own convolution for Burn's CPU backend, below the network's definition.
//!
//! Burn has no convolution that trains quickly on a CPU: its weight gradient becomes products of width 3. [`convolve`]
//! takes tensors of the flex backend, with or without autodiff, and leaves all others to the caller.

mod conv;
mod mask;
mod op;
mod tile;

pub(crate) use mask::Mask;
pub(crate) use op::{Convolution, convolve, has_own_kernel};

//! Our own convolution and recurrent layer for Burn's CPU backend, below the network's definition.
//!
//! Burn has no convolution that trains quickly on a CPU: its weight gradient becomes products of
//! width 3. Nor has it a recurrent layer that does: each step is a dozen operations, each with a
//! tensor of its own. [`convolve`] and [`recur`] take tensors of the flex backend, with or without
//! autodiff, and leave all others to the caller.

mod adamw;
mod bf16;
mod buffer;
mod cell;
mod conv;
mod conv16;
mod hidden;
mod mask;
mod op;
mod pool;
mod precision;
mod profile;
mod recurrent;
mod recurrent_op;
mod rows;
mod tile;
mod vector;

pub(crate) use adamw::{AdamWFactors, AdamWTensors, adamw};
pub(crate) use buffer::filled;
pub(crate) use cell::CellKind;
pub(crate) use mask::Mask;
pub(crate) use op::{Convolution, convolve, has_own_kernel};
pub use pool::in_pool;
pub use precision::Precision;
pub use profile::{KernelCall, profiled};
pub(crate) use recurrent_op::{Recurrence, recur};

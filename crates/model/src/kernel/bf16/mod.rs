//! Products of bf16 numbers that are summed in f32.
//!
//! bf16 is an f32 without its lower 16 bits: 8 bits of precision and the same range. A product of
//! two of them is exact in f32, so that beside the rounding of the operands only the order of the
//! sums differs from one processor to the next ([`Unit`]).

#[cfg(target_arch = "x86_64")]
mod amx;
mod layout;
mod product;
mod round;
mod unit;

pub use layout::{in_panel, pairs, transpose};
pub use product::{Left, Right, Start, multiply};
pub use round::{round, round_all};
pub use unit::Unit;

/// Rows and columns of a tile: result buffers are whole multiples of it.
pub const TILE: usize = 16;

/// Values of a tile along the depth: operands are readable up to a whole multiple of it, the right
/// one with zeros beyond its own depth.
pub const TILE_DEPTH: usize = 32;

//! Large results that are written once.
#![allow(
    unsafe_code,
    reason = "memory that is known to be written becomes values"
)]

use std::mem::MaybeUninit;

use rayon::prelude::*;

/// A vector of `len` values, filled in chunks; each is zeros before it is filled.
///
/// Each chunk is set to zeros by the thread that fills it, and right before: setting the whole
/// vector beforehand would be one more pass over memory, on one thread.
pub fn filled<S>(
    len: usize,
    chunk: usize,
    scratch: impl Fn() -> S + Sync + Send,
    fill: impl Fn(&mut S, usize, &mut [f32]) + Sync + Send,
) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    values.spare_capacity_mut()[..len]
        .par_chunks_mut(chunk.max(1))
        .enumerate()
        .for_each_init(scratch, |scratch, (index, chunk)| {
            fill(scratch, index, zeroed(chunk));
        });
    // SAFETY: the chunks are all of the first `len` values, and each has been set to zeros.
    unsafe { values.set_len(len) };
    values
}

/// The values, set to zeros.
pub fn zeroed(values: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    values.fill(MaybeUninit::new(0.0));
    // SAFETY: all have been set, and both types are laid out alike.
    unsafe { &mut *(std::ptr::from_mut(values) as *mut [f32]) }
}

//! Large results that are written once.
#![allow(
    unsafe_code,
    reason = "memory that is known to be written becomes values"
)]

use std::mem::MaybeUninit;

use rayon::prelude::*;

/// Memory of some values that nothing was written to yet.
pub struct Unset<'a>(&'a mut [MaybeUninit<f32>]);

impl<'a> Unset<'a> {
    /// The values, set to zeros.
    pub fn zeros(self) -> &'a mut [f32] {
        self.0.fill(MaybeUninit::new(0.0));
        // SAFETY: all have been set, and both types are laid out alike.
        unsafe { &mut *(std::ptr::from_mut(self.0) as *mut [f32]) }
    }

    /// The values, each of them the same as in `rows`, which begins anew where it ends.
    ///
    /// # Panics
    /// A number of values that is not whole rows.
    pub fn copies(self, rows: &[f32]) -> &'a mut [f32] {
        assert!(!rows.is_empty() && self.0.len().is_multiple_of(rows.len()));
        for copy in self.0.chunks_exact_mut(rows.len()) {
            copy.write_copy_of_slice(rows);
        }
        // SAFETY: as above; the chunks are all of the values.
        unsafe { &mut *(std::ptr::from_mut(self.0) as *mut [f32]) }
    }
}

/// A vector of `len` values, filled in chunks by the threads of the pool.
///
/// `fill` gets its thread's scratch, the chunk's index and the chunk, and gives the chunk back with its values.
///
/// # Panics
/// A `fill` that gives back other values than those of its chunk.
pub fn filled<S>(
    len: usize,
    chunk: usize,
    scratch: impl Fn() -> S + Sync + Send,
    fill: impl for<'a> Fn(&mut S, usize, Unset<'a>) -> &'a mut [f32] + Sync + Send,
) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    values.spare_capacity_mut()[..len]
        .par_chunks_mut(chunk.max(1))
        .enumerate()
        .for_each_init(scratch, |scratch, (index, chunk)| {
            let place = chunk.as_ptr_range();
            let values = fill(scratch, index, Unset(chunk)).as_ptr_range();
            assert!(place.start.cast() == values.start && place.end.cast() == values.end);
        });
    // SAFETY: the chunks are all of the first `len` values, and each has come back as values.
    unsafe { values.set_len(len) };
    values
}

/// The values of some windows, which are zeros when they are taken.
pub struct Windows<'a> {
    rest: &'a mut [MaybeUninit<f32>],
    length: usize,
}

impl<'a> Windows<'a> {
    /// The next `count` windows, as far as there are so many.
    pub fn take(&mut self, count: usize) -> &'a mut [f32] {
        let rest = std::mem::take(&mut self.rest);
        let (taken, rest) = rest.split_at_mut(rest.len().min(count * self.length));
        self.rest = rest;
        Unset(taken).zeros()
    }
}

/// A vector of `windows` times `length` values, filled by parts of `part` windows, and what comes of
/// each part.
///
/// The first window of a part and the part's values are handed to `fill`, on any thread. A window
/// that it does not take is zeros.
pub fn filled_in_parts<R: Send>(
    [windows, length]: [usize; 2],
    part: usize,
    fill: impl Fn(usize, &mut Windows<'_>) -> R + Sync + Send,
) -> (Vec<f32>, Vec<R>) {
    let mut values = Vec::with_capacity(windows * length);
    let mut spare = &mut values.spare_capacity_mut()[..windows * length];
    let mut parts = Vec::new();
    for first in (0..windows).step_by(part.max(1)) {
        let (rest, after) = spare.split_at_mut(part.min(windows - first) * length);
        parts.push((first, Windows { rest, length }));
        spare = after;
    }
    let found = parts
        .into_par_iter()
        .map(|(first, mut windows)| {
            let found = fill(first, &mut windows);
            Unset(windows.rest).zeros();
            found
        })
        .collect();
    // SAFETY: the parts are all of the values, and each has been set to zeros.
    unsafe { values.set_len(windows * length) };
    (values, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_zeros_or_copies() {
        let values = filled(
            7,
            3,
            || (),
            |(), index, chunk| match index {
                0 => chunk.zeros(),
                _ => chunk.copies(&[index as f32]),
            },
        );
        assert_eq!(values, [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0]);
        assert!(filled(0, 3, || (), |(), _, chunk| chunk.zeros()).is_empty());
    }

    /// What was not written must not become values.
    #[test]
    #[should_panic(expected = "assertion failed")]
    fn another_chunk_is_refused() {
        filled(2, 2, || (), |(), _, _| &mut []);
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn copies_are_whole() {
        filled(3, 3, || (), |(), _, chunk| chunk.copies(&[1.0, 2.0]));
    }

    #[test]
    fn windows_that_are_not_taken_are_zeros() {
        let fill = |first: usize, windows: &mut Windows<'_>| {
            windows.take(1).fill(first as f32 + 1.0);
            first
        };
        let (values, found) = filled_in_parts([5, 2], 2, fill);
        assert_eq!(values, [1.0, 1.0, 0.0, 0.0, 3.0, 3.0, 0.0, 0.0, 5.0, 5.0]);
        assert_eq!(found, [0, 2, 4]);
        let (values, found) =
            filled_in_parts([3, 0], 2, |first, windows| (first, windows.take(9).len()));
        assert_eq!((values, found), (vec![], vec![(0, 0), (2, 0)]));
    }
}

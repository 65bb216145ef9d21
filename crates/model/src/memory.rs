//! Memory that training uses again and again.
#![expect(unsafe_code, reason = "an option of the allocator, which is in C")]

use std::ffi::{c_int, c_long};

// Links the library.
use mimalloc as _;

/// `mi_option_purge_delay` of mimalloc's `mi_option_t`: milliseconds after which freed memory goes
/// back to the system; -1: never.
const PURGE_DELAY: c_int = 15;

unsafe extern "C" {
    fn mi_option_set_default(option: c_int, value: c_long);
}

/// Keeps freed memory for what comes next, until the process ends, where mimalloc is the allocator.
///
/// A training step takes and frees the same hundreds of megabytes as the one before it. mimalloc gives
/// what is free back to the system once a second, and the system clears every page that it hands out
/// anew. The most memory that a process holds grows by 0 to 40 % (docs/src/results/speed.md). The variable
/// `MIMALLOC_PURGE_DELAY` of the environment goes first.
pub fn keep_freed_memory() {
    // SAFETY: the function takes two numbers, and may be called at any time.
    unsafe { mi_option_set_default(PURGE_DELAY, -1) };
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn mi_option_get(option: c_int) -> c_long;
    }

    /// Another version of mimalloc may count its options anew: this one is a second by default.
    #[test]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: the function takes a number, and may be called at any time.
        let delay = || unsafe { mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), 1000, "MIMALLOC_PURGE_DELAY must not be set");
        keep_freed_memory();
        assert_eq!(delay(), -1);
    }
}

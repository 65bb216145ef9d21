//! The time that each kernel takes.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// One call of a kernel, forward or backward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelCall {
    /// The layer's sizes, such as `32 -> 64 channels, taps 3, stride 2, steps 64`.
    pub layer: String,
    /// Whether it was the backward pass.
    pub is_backward: bool,
    /// Multiplications and additions of its products.
    pub flop: u64,
    /// The time from its begin to its end.
    pub elapsed: Duration,
}

thread_local! {
    static CALLS: RefCell<Option<Vec<KernelCall>>> = const { RefCell::new(None) };
}

/// Does the work, and returns the calls of this crate's kernels that it made on this thread.
pub fn profiled<T>(work: impl FnOnce() -> T) -> (T, Vec<KernelCall>) {
    CALLS.set(Some(Vec::new()));
    let done = work();
    (done, CALLS.take().unwrap_or_default())
}

/// Does a kernel's work, and writes it down inside [`profiled`]. `call` gives all but the time.
pub(super) fn timed<T>(call: impl FnOnce() -> KernelCall, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    CALLS.with_borrow_mut(|calls| {
        if let Some(calls) = calls {
            let elapsed = began.elapsed();
            calls.push(KernelCall { elapsed, ..call() });
        }
    });
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_kept_inside_alone() {
        let call = |flop| KernelCall {
            layer: "1 -> 1 channels".to_owned(),
            is_backward: false,
            flop,
            elapsed: Duration::ZERO,
        };
        timed(|| call(1), || ());
        let (done, calls) = profiled(|| timed(|| call(2), || 7));
        timed(|| call(3), || ());
        assert_eq!(done, 7);
        assert_eq!(calls.iter().map(|call| call.flop).collect::<Vec<_>>(), [2]);
        assert_eq!(profiled(|| ()).1, []);
    }
}

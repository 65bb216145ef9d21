//! The numbers that products are made of.

use std::cell::Cell;

use serde::{Deserialize, Serialize};

use super::bf16::Unit;

/// The numbers that the products of convolutions, linear and recurrent layers are made of on the
/// CPU.
///
/// Sums, weights, their statistics, the loss and the optimizer are f32 in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// Both factors are rounded to bf16: 8 bits of precision and the range of f32.
    Bf16,
}

thread_local! {
    static CURRENT: Cell<Precision> = const { Cell::new(Precision::F32) };
}

impl Precision {
    /// Does the work with products of these numbers on this thread, as `torch.autocast` does.
    ///
    /// The backward pass of what is computed here has them too, wherever it is run.
    pub fn autocast<T>(self, work: impl FnOnce() -> T) -> T {
        struct Restore(Precision);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        work()
    }

    /// The faster one on this processor.
    pub fn fastest() -> Self {
        match Self::has_fast_bf16() {
            true => Self::Bf16,
            false => Self::F32,
        }
    }

    /// Whether products of bf16 are faster than those of f32 on this processor: with AMX, and with
    /// AVX-512's instructions for them where they are no Intel's. The numbers are the same on others.
    pub fn has_fast_bf16() -> bool {
        Unit::detect().is_faster_than_f32()
    }

    /// What this thread computes with now.
    pub(crate) fn current() -> Self {
        CURRENT.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_ends_where_its_work_ends() {
        assert_eq!(Precision::current(), Precision::F32);
        Precision::Bf16.autocast(|| {
            assert_eq!(Precision::current(), Precision::Bf16);
            Precision::F32.autocast(|| assert_eq!(Precision::current(), Precision::F32));
            assert_eq!(Precision::current(), Precision::Bf16);
        });
        assert_eq!(Precision::current(), Precision::F32);
    }
}

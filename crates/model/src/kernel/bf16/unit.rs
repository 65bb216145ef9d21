//! What multiplies bf16 numbers on this processor.

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use super::amx;

/// Instructions for products of bf16 numbers.
///
/// AVX-512 and the portable code add in the same order, and differ only where a sum is too small to be
/// normal: the instructions make it 0. AMX adds even and odd places of 32 apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Tiles of 16 x 16 (Intel since Sapphire Rapids).
    #[cfg(target_arch = "x86_64")]
    Amx,
    /// `vdpbf16ps` (Intel since Cooper Lake, AMD since Zen 4).
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// The same numbers without such instructions: slower than f32.
    Portable,
}

impl Unit {
    /// The best there is, found out once.
    pub fn detect() -> Self {
        static FOUND: OnceLock<Unit> = OnceLock::new();
        *FOUND.get_or_init(|| {
            #[cfg(target_arch = "x86_64")]
            if has_avx512() {
                return match amx::is_usable() {
                    true => Self::Amx,
                    false => Self::Avx512,
                };
            }
            Self::Portable
        })
    }

    /// Whether its products are faster than those of f32 on this processor.
    ///
    /// Intel's cores begin two f32 multiply-adds in a cycle, but one `vdpbf16ps` in two: a training took
    /// 1.7 times as long with it on an Emerald Rapids whose AMX the host hides.
    pub fn is_faster_than_f32(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Amx => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => !is_by_intel(),
            Self::Portable => false,
        }
    }

    /// All that this processor has, for tests.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        #[allow(unused_mut, reason = "x86-64 alone has more")]
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        if has_avx512() {
            all.push(Self::Avx512);
            all.extend(amx::is_usable().then_some(Self::Amx));
        }
        all
    }
}

#[cfg(target_arch = "x86_64")]
fn is_by_intel() -> bool {
    let vendor = raw_cpuid::CpuId::new().get_vendor_info();
    vendor.is_some_and(|vendor| vendor.as_str() == "GenuineIntel")
}

/// `vdpbf16ps`, and what goes with it here.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512bf16")
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
}

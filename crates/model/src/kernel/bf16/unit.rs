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
    pub fn is_faster_than_f32(self) -> bool {
        self.is_faster_on(&vendor())
    }

    /// The same on a processor of this vendor.
    ///
    /// Intel's `vdpbf16ps` has half the rate of f32, and a step took 1.2 to 1.8 times as long with it
    /// (docs/src/results/speed.md).
    fn is_faster_on(self, vendor: &str) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Amx => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => vendor != "GenuineIntel",
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

/// Who made this processor, as it says itself; empty where it does not.
fn vendor() -> String {
    #[cfg(target_arch = "x86_64")]
    if let Some(vendor) = raw_cpuid::CpuId::new().get_vendor_info() {
        return vendor.as_str().to_owned();
    }
    String::new()
}

/// `vdpbf16ps`, and what goes with it here.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512bf16")
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn intel_needs_amx_for_it() {
        let faster =
            |unit: Unit| ["GenuineIntel", "AuthenticAMD"].map(|vendor| unit.is_faster_on(vendor));
        assert_eq!(faster(Unit::Amx), [true, true]);
        assert_eq!(faster(Unit::Avx512), [false, true]);
        assert_eq!(faster(Unit::Portable), [false, false]);
    }
}

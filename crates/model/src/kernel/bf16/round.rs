//! From f32 to bf16.
#![allow(
    unsafe_code,
    reason = "vector instructions chosen at run time, on slices whose lengths are checked before"
)]

use super::Unit;

/// The nearest bf16, of two equally near ones the even; what is too small to be normal becomes 0,
/// as the processors' instructions have it.
pub fn round(value: f32) -> u16 {
    let bits = value.to_bits();
    let high = (bits >> 16) as u16;
    match bits & 0x7f80_0000 {
        0 => high & 0x8000,
        // A NaN stays one.
        0x7f80_0000 if bits & 0x007f_ffff != 0 => high | 0x40,
        _ => (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16,
    }
}

/// The f32 that a bf16 stands for.
pub fn widen(value: u16) -> f32 {
    f32::from_bits(u32::from(value) << 16)
}

/// Rounds all values, after a rectifier where `rectified`; it lets NaN through.
///
/// # Panics
/// Slices of different lengths.
pub fn round_all(unit: Unit, values: &[f32], rectified: bool, rounded: &mut [u16]) {
    assert_eq!(values.len(), rounded.len());
    match unit {
        // SAFETY: the processor has AVX-512 with bf16, and both slices have so many values.
        #[cfg(target_arch = "x86_64")]
        Unit::Amx | Unit::Avx512 => unsafe {
            let (from, to) = (values.as_ptr(), rounded.as_mut_ptr());
            match rectified {
                true => x86::round_512::<true>(from, to, values.len()),
                false => x86::round_512::<false>(from, to, values.len()),
            }
        },
        Unit::Portable => {
            for (rounded, &value) in rounded.iter_mut().zip(values) {
                *rounded = round(if rectified && value < 0.0 { 0.0 } else { value });
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, __m512, __m512i, _mm256_mask_storeu_epi16, _mm512_cvtne2ps_pbh,
        _mm512_cvtneps_pbh, _mm512_loadu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps,
        _mm512_setzero_ps, _mm512_storeu_si512,
    };
    use std::mem::transmute;

    /// # Safety
    /// Both places must have `count` values.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
    pub unsafe fn round_512<const RECTIFIED: bool>(from: *const f32, to: *mut u16, count: usize) {
        // The second operand is what comes of a NaN and of two zeros.
        let rectify = |value: __m512| match RECTIFIED {
            true => _mm512_max_ps(_mm512_setzero_ps(), value),
            false => value,
        };
        let whole = count / 32 * 32;
        // SAFETY: below `count`, the rest under a mask.
        unsafe {
            for at in (0..whole).step_by(32) {
                let low = rectify(_mm512_loadu_ps(from.add(at)));
                let high = rectify(_mm512_loadu_ps(from.add(at + 16)));
                let both: __m512i = transmute(_mm512_cvtne2ps_pbh(high, low));
                _mm512_storeu_si512(to.add(at).cast(), both);
            }
            for at in (whole..count).step_by(16) {
                let mask = (u32::MAX >> (32 - (count - at).min(16))) as u16;
                let some = rectify(_mm512_maskz_loadu_ps(mask, from.add(at)));
                let some: __m256i = transmute(_mm512_cvtneps_pbh(some));
                _mm256_mask_storeu_epi16(to.add(at).cast(), mask, some);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `torch.tensor(x).bfloat16().float()` gives.
    #[test]
    fn rounding_is_that_of_torch() {
        let known = [
            (1.0, 1.0),
            (1.003_906_2, 1.0),
            (1.011_718_8, 1.015_625),
            (0.1, 0.100_097_656),
            (-2.7, -2.703_125),
            (3.401e38, f32::INFINITY),
            (-0.0, -0.0),
        ];
        for (value, expected) in known {
            let found = widen(round(value));
            assert_eq!(found.to_bits(), f32::to_bits(expected), "{value}");
        }
        assert!(widen(round(f32::NAN)).is_nan());
        assert_eq!(round(1e-40), 0);
    }

    #[test]
    fn every_unit_rounds_alike() {
        let mut values: Vec<f32> = (0..1_003)
            .map(|index| f32::from_bits(0x9e37_79b9_u32.wrapping_mul(index)))
            .collect();
        values.extend([0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, 1e-40, -1e-40]);
        for unit in Unit::all() {
            for rectified in [false, true] {
                for from in [0, 1, 990, 1_008] {
                    let values = &values[from..];
                    let (mut found, mut expected) = (vec![7; values.len()], vec![9; values.len()]);
                    round_all(unit, values, rectified, &mut found);
                    round_all(Unit::Portable, values, rectified, &mut expected);
                    assert_eq!(found, expected, "{unit:?}");
                }
            }
        }
    }
}

//! Functions of many values at once, compiled for each set of vector instructions.
//!
//! Every value goes through the same operations whatever its place and its company: the same value
//! gives the same bits alone and among others, with AVX2 and with AVX-512.
#![allow(
    unsafe_code,
    reason = "functions with vector instructions are called once it is known that they are there"
)]

use super::tile::Instructions;

/// Work on slices of numbers, compiled once for each set of instructions.
pub trait Work {
    /// What comes of it.
    type Output;

    /// Does it; to be marked `#[inline(always)]`, as are the functions it calls. `FUSED`: the
    /// processor has fused multiply-add.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

impl Instructions {
    /// Does the work with these instructions.
    pub fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            // SAFETY: `detect` has found these instructions.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { with_avx512(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { with_avx2(work) },
            Self::Portable => {
                work.run::<{ !cfg!(any(target_arch = "x86_64", target_arch = "x86")) }>()
            }
        }
    }
}

/// A function of slices, compiled for each set of instructions; the first argument says which.
macro_rules! vectorized {
    ($(#[$doc:meta])* pub fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        #[allow(
            unsafe_code,
            reason = "functions with vector instructions are called once it is known that they are there"
        )]
        pub fn $name(instructions: $crate::kernel::tile::Instructions, $($argument: $type),*) {
            #[inline(always)]
            fn portable($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512($($argument: $type),*) {
                portable($($argument),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) {
                portable($($argument),*);
            }

            use $crate::kernel::tile::Instructions;
            match instructions {
                // SAFETY: `detect` has found these instructions.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => unsafe { avx512($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => unsafe { avx2($($argument),*) },
                Instructions::Portable => portable($($argument),*),
            }
        }
    };
}

pub(super) use vectorized;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn with_avx512<W: Work>(work: W) -> W::Output {
    work.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run::<true>()
}

/// `a * b + c`, rounded once where `FUSED`.
#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `coefficients[0] * x^n + ... + coefficients[n]`.
#[inline(always)]
fn polynomial<const FUSED: bool, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[0];
    for coefficient in &coefficients[1..] {
        sum = multiply_add::<FUSED>(sum, x, *coefficient);
    }
    sum
}

/// `e^x`, up to two units in the last place, `x` being held within -87 and 88; NaN stays NaN.
///
/// Cephes' `expf` (Moshier, <https://www.netlib.org/cephes/>).
#[inline(always)]
fn exp<const FUSED: bool>(x: f32) -> f32 {
    // Adding it leaves a whole number in the last bits: 1.5 * 2^23.
    const ROUNDER: f32 = 12_582_912.0;
    // Comparisons, as `min` and `max` would hide a NaN.
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = multiply_add::<FUSED>(x, std::f32::consts::LOG2_E, ROUNDER);
    let whole = rounded - ROUNDER;
    // ln 2 in two parts, the first exact in a product.
    let rest = multiply_add::<FUSED>(whole, -0.693_359_4, x);
    let rest = multiply_add::<FUSED>(whole, 2.121_944_4e-4, rest);
    let coefficients = [
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_6e-1,
        0.5,
    ];
    let sum = polynomial::<FUSED, 6>(rest, coefficients);
    let sum = multiply_add::<FUSED>(sum, rest * rest, rest) + 1.0;
    let power = rounded
        .to_bits()
        .wrapping_sub(ROUNDER.to_bits())
        .wrapping_add(127)
        << 23;
    sum * f32::from_bits(power)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid<const FUSED: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FUSED>(-x))
}

/// The hyperbolic tangent, up to a few units in the last place: Cephes' `tanhf`.
#[inline(always)]
pub fn tanh<const FUSED: bool>(x: f32) -> f32 {
    let (size, square) = (x.abs(), x * x);
    let coefficients = [
        -5.704_988_7e-3,
        2.063_909e-2,
        -5.373_971_6e-2,
        1.333_144_2e-1,
        -3.333_328e-1,
    ];
    let small = multiply_add::<FUSED>(polynomial::<FUSED, 5>(square, coefficients) * square, x, x);
    let large = (1.0 - 2.0 / (exp::<FUSED>(2.0 * size) + 1.0)).copysign(x);
    if size < 0.625 { small } else { large }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both<'a>(&'a [f32], &'a mut [f32], &'a mut [f32]);

    impl Work for Both<'_> {
        type Output = ();

        #[inline(always)]
        fn run<const FUSED: bool>(self) {
            let Self(values, sigmoids, tanhs) = self;
            for ((x, s), t) in values.iter().zip(sigmoids).zip(tanhs) {
                (*s, *t) = (sigmoid::<FUSED>(*x), tanh::<FUSED>(*x));
            }
        }
    }

    fn both(instructions: Instructions, values: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut sigmoids, mut tanhs) = (vec![0.0; values.len()], vec![0.0; values.len()]);
        instructions.run(Both(values, &mut sigmoids, &mut tanhs));
        (sigmoids, tanhs)
    }

    #[test]
    fn they_are_those_of_double_precision() {
        let mut values: Vec<f32> = (-40_000..=40_000)
            .map(|index| index as f32 / 2_000.0)
            .collect();
        values.extend([
            0.0,
            -0.0,
            1e-30,
            -1e-8,
            0.624_999,
            0.625,
            -0.625,
            87.0,
            -88.5,
            1e30,
            -1e30,
            f32::INFINITY,
        ]);
        for instructions in Instructions::all() {
            let (sigmoids, tanhs) = both(instructions, &values);
            for ((x, s), t) in values.iter().zip(sigmoids).zip(tanhs) {
                let exact = f64::from(*x);
                let close = |found: f32, exact: f64| {
                    (f64::from(found) - exact).abs() <= 4e-7 * exact.abs() + 1e-37
                };
                assert!(
                    close(s, 1.0 / (1.0 + (-exact).exp())),
                    "{instructions:?}: sigmoid({x}) = {s}"
                );
                assert!(close(t, exact.tanh()), "{instructions:?}: tanh({x}) = {t}");
            }
            let (s, t) = both(instructions, &[f32::NAN; 20]);
            assert!(
                s.iter().chain(&t).all(|value| value.is_nan()),
                "broken weights are seen"
            );
        }
    }

    #[test]
    fn a_value_has_the_same_bits_alone_and_among_others() {
        let values: Vec<f32> = (0..67)
            .map(|index| (index as f32 * 0.731).sin() * 3.0)
            .collect();
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        let mut seen = Vec::new();
        for instructions in Instructions::all() {
            let (sigmoids, tanhs) = both(instructions, &values);
            for (index, value) in values.iter().enumerate() {
                let (s, t) = both(instructions, &[*value]);
                assert_eq!(
                    bits(&[s[0], t[0]]),
                    bits(&[sigmoids[index], tanhs[index]]),
                    "{instructions:?}, {value}"
                );
            }
            seen.push((bits(&sigmoids), bits(&tanhs)));
        }
        if let [_, rest @ ..] = &seen[..] {
            assert!(
                rest.windows(2).all(|pair| pair[0] == pair[1]),
                "AVX2 and AVX-512 give the same bits"
            );
        }
    }
}

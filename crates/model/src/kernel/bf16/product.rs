//! Products of matrices of bf16 numbers.
#![allow(
    unsafe_code,
    reason = "vector instructions chosen at run time; bounds are checked once a product"
)]

#[cfg(target_arch = "x86_64")]
use super::amx;
use super::round::widen;
use super::{TILE, TILE_DEPTH, Unit};

/// The left operand: element (row, k) is at `row * row_stride + k`. What is beyond the depth is
/// finite.
#[derive(Debug, Clone, Copy)]
pub struct Left<'a> {
    pub values: &'a [u16],
    pub row_stride: usize,
}

/// The right operand in panels of [`TILE`] columns, two values of k beside each other: element
/// (k, column) is at `column / 16 * panel_stride + k / 2 * pair_stride + column % 16 * 2 + k % 2`.
/// There are zeros beyond the depth and the columns.
#[derive(Debug, Clone, Copy)]
pub struct Right<'a> {
    pub values: &'a [u16],
    pub panel_stride: usize,
    pub pair_stride: usize,
}

/// What a product is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Zeros.
    Zero,
    /// What the result holds.
    Result,
}

/// A product `[rows, columns, depth]`, row `r` of the result beginning at `r * row_stride`.
///
/// Rows and columns beyond, up to whole tiles, may be written with anything.
///
/// # Panics
/// Operands or a result without room for whole tiles.
pub fn multiply(
    unit: Unit,
    [rows, columns, depth]: [usize; 3],
    (a, b): (Left<'_>, Right<'_>),
    c: &mut [f32],
    row_stride: usize,
    start: Start,
) {
    if rows == 0 || columns == 0 || depth == 0 {
        return;
    }
    let (tall, wide, deep) = (
        rows.next_multiple_of(TILE),
        columns.next_multiple_of(TILE),
        depth.next_multiple_of(TILE_DEPTH),
    );
    // The furthest element that is touched of each: everything below relies on these lines.
    assert!((tall - 1) * a.row_stride + deep <= a.values.len());
    let last = (wide / TILE - 1) * b.panel_stride + (deep / 2 - 1) * b.pair_stride;
    assert!(last + 2 * TILE <= b.values.len());
    assert!((tall - 1) * row_stride + wide <= c.len() && wide <= row_stride);
    match unit {
        #[cfg(target_arch = "x86_64")]
        Unit::Amx => {
            amx::set_up();
            let tiled = amx::Tiled {
                a: a.values.as_ptr(),
                a_row: a.row_stride,
                b: b.values.as_ptr(),
                b_panel: b.panel_stride,
                b_pair: b.pair_stride,
                c: c.as_mut_ptr(),
                c_row: row_stride,
                adds: start == Start::Result,
            };
            // SAFETY: by the assertions, whole tiles of all three are within their slices.
            unsafe { amx::multiply([tall, wide, deep], tiled) }
        }
        _ => {
            let sizes = [rows, wide / TILE, depth.div_ceil(2)];
            match start {
                Start::Zero => by_rows::<true>(unit, sizes, (a, b), (c, row_stride)),
                Start::Result => by_rows::<false>(unit, sizes, (a, b), (c, row_stride)),
            }
        }
    }
}

/// Rows of the product in groups, panel by panel; `[rows, panels, pairs]`. `ZERO`: added to nothing.
fn by_rows<const ZERO: bool>(
    unit: Unit,
    [rows, panels, pairs]: [usize; 3],
    (a, b): (Left<'_>, Right<'_>),
    (c, c_row): (&mut [f32], usize),
) {
    let mut panel = 0;
    while panel < panels {
        let width = (panels - panel).min(2);
        let right = &b.values[panel * b.panel_stride..];
        let mut row = 0;
        while row < rows {
            let height = match rows - row {
                left if left >= 8 => 8,
                left if left >= 4 => 4,
                _ => 1,
            };
            let left = &a.values[row * a.row_stride..];
            let sums = &mut c[row * c_row + panel * TILE..];
            let strides = [a.row_stride, b.panel_stride, b.pair_stride, c_row];
            match unit {
                // SAFETY: the caller has checked that these rows and panels are within the slices;
                // the processor has these instructions.
                #[cfg(target_arch = "x86_64")]
                Unit::Amx | Unit::Avx512 => unsafe {
                    let places = (left.as_ptr(), right.as_ptr(), sums.as_mut_ptr());
                    match (height, width) {
                        (8, 2) => x86::tile::<8, 2, ZERO>(pairs, places, strides),
                        (8, _) => x86::tile::<8, 1, ZERO>(pairs, places, strides),
                        (4, 2) => x86::tile::<4, 2, ZERO>(pairs, places, strides),
                        (4, _) => x86::tile::<4, 1, ZERO>(pairs, places, strides),
                        (_, 2) => x86::tile::<1, 2, ZERO>(pairs, places, strides),
                        _ => x86::tile::<1, 1, ZERO>(pairs, places, strides),
                    }
                },
                Unit::Portable => {
                    for (row, panel) in
                        (0..height).flat_map(|row| (0..width).map(move |panel| (row, panel)))
                    {
                        let sums = &mut sums[row * c_row + panel * TILE..][..TILE];
                        if ZERO {
                            sums.fill(0.0);
                        }
                        portable(
                            &left[row * a.row_stride..][..2 * pairs],
                            (&right[panel * b.panel_stride..], b.pair_stride),
                            sums,
                        );
                    }
                }
            }
            row += height;
        }
        panel += width;
    }
}

/// One row of one panel: the odd place of a pair is added first, as `vdpbf16ps` does.
fn portable(a: &[u16], (b, pair_stride): (&[u16], usize), c: &mut [f32]) {
    for (pair, left) in a.chunks_exact(2).enumerate() {
        let [even, odd] = [widen(left[0]), widen(left[1])];
        let right = &b[pair * pair_stride..][..2 * TILE];
        for (sum, right) in c.iter_mut().zip(right.chunks_exact(2)) {
            *sum += odd * widen(right[1]);
            *sum += even * widen(right[0]);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_loadu_si512,
        _mm512_set1_epi32, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_storeu_ps,
    };
    use std::mem::transmute;

    use super::TILE;

    /// `R` rows and `N` panels with AVX-512; strides of rows of a, panels and pairs of b, rows of c.
    ///
    /// # Safety
    /// All elements of the tile and its operands must be readable, those of the result writable.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub unsafe fn tile<const R: usize, const N: usize, const ZERO: bool>(
        pairs: usize,
        (a, b, c): (*const u16, *const u16, *mut f32),
        [a_row, b_panel, b_pair, c_row]: [usize; 4],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); N]; R];
            if !ZERO {
                for (row, sums) in sums.iter_mut().enumerate() {
                    for (panel, sum) in sums.iter_mut().enumerate() {
                        *sum = _mm512_loadu_ps(c.add(row * c_row + panel * TILE));
                    }
                }
            }
            for pair in 0..pairs {
                let mut right = [_mm512_setzero_si512(); N];
                for (panel, right) in right.iter_mut().enumerate() {
                    *right = _mm512_loadu_si512(b.add(panel * b_panel + pair * b_pair).cast());
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    let left = a.add(row * a_row + 2 * pair).cast::<i32>().read_unaligned();
                    let left = as_bf16(_mm512_set1_epi32(left));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = _mm512_dpbf16_ps(*sum, left, as_bf16(right));
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (panel, sum) in sums.iter().enumerate() {
                    _mm512_storeu_ps(c.add(row * c_row + panel * TILE), *sum);
                }
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bf16")]
    fn as_bf16(bits: __m512i) -> __m512bh {
        // SAFETY: both are 512 bits of anything.
        unsafe { transmute(bits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::bf16::round;

    fn values(count: usize, seed: u32) -> Vec<u16> {
        let next = |index: u32| {
            round(
                (index.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0
                    - 1.0,
            )
        };
        (0..count as u32).map(next).collect()
    }

    /// Every unit against a plain sum in f64 of the rounded numbers, for sizes that are and are not
    /// multiples of a tile, and the portable code against AVX-512 bit for bit.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a test reads from top to bottom")]
    fn products_are_those_of_a_plain_sum() {
        for [rows, columns, depth] in [
            [1usize, 1, 1],
            [8, 32, 5],
            [13, 40, 24],
            [64, 64, 96],
            [3, 17, 7],
            [33, 100, 130],
        ] {
            let (tall, wide, deep) = (
                rows.next_multiple_of(16),
                columns.next_multiple_of(16),
                depth.next_multiple_of(32),
            );
            let a_row = depth + 3;
            let a = values(tall * a_row + deep, 1);
            let mut b = vec![0; wide * deep];
            let b_at = |k: usize, column: usize| {
                column / 16 * 16 * deep + k / 2 * 32 + column % 16 * 2 + k % 2
            };
            for (index, value) in values(columns * depth, 2).into_iter().enumerate() {
                b[b_at(index % depth, index / depth)] = value;
            }
            let left = Left {
                values: &a,
                row_stride: a_row,
            };
            let right = Right {
                values: &b,
                panel_stride: 16 * deep,
                pair_stride: 32,
            };
            let mut all = Vec::new();
            for unit in Unit::all() {
                let mut c = vec![0.5; tall * (wide + 4)];
                let sizes = [rows, columns, depth];
                multiply(unit, sizes, (left, right), &mut c, wide + 4, Start::Result);
                let mut fresh = vec![7.0; tall * (wide + 4)];
                multiply(
                    unit,
                    sizes,
                    (left, right),
                    &mut fresh,
                    wide + 4,
                    Start::Zero,
                );
                let mut found = Vec::new();
                for row in 0..rows {
                    for column in 0..columns {
                        let sum: f64 = (0..depth)
                            .map(|k| {
                                let (a, b) = (a[row * a_row + k], b[b_at(k, column)]);
                                f64::from(widen(a)) * f64::from(widen(b))
                            })
                            .sum();
                        let at = row * (wide + 4) + column;
                        for (value, start) in [(c[at], 0.5), (fresh[at], 0.0)] {
                            let error = f64::from(value) - start - sum;
                            assert!(
                                error.abs() < 1e-4,
                                "{unit:?} {rows}x{columns}x{depth} at {row},{column}: {error}"
                            );
                        }
                        found.push(c[at].to_bits());
                    }
                }
                all.push(found);
            }
            if let [portable, avx512, ..] = &all[..] {
                assert_eq!(
                    portable, avx512,
                    "AVX-512 and the portable code give the same bits"
                );
            }
        }
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn operands_without_whole_tiles_are_refused() {
        let (a, b, mut c) = ([0; 64], [0; 512], [0.0; 256]);
        let left = Left {
            values: &a,
            row_stride: 2,
        };
        let right = Right {
            values: &b,
            panel_stride: 512,
            pair_stride: 32,
        };
        multiply(
            Unit::Portable,
            [16, 16, 40],
            (left, right),
            &mut c,
            16,
            Start::Zero,
        );
    }
}

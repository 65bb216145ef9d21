//! Rows of bf16 numbers in the orders that products take them in.
#![allow(
    unsafe_code,
    reason = "vector instructions chosen at run time, on places that are checked before"
)]

use super::{TILE, TILE_DEPTH, Unit};

/// Where a panel of [`TILE`] columns has element (k, column).
pub fn in_panel(k: usize, column: usize) -> usize {
    k / 2 * 2 * TILE + column * 2 + k % 2
}

/// Rows two by two, as the right operand of a product along the rows: element (row, column) goes to
/// `row / 2 * pair_stride + column * 2 + row % 2`, with zeros up to whole pairs and `pair_stride`.
///
/// # Shapes
///
/// - rows: `[count, columns]`
///
/// # Panics
/// Slices that are too short, a `pair_stride` that is no whole multiple of two tiles or too small.
pub fn pairs(
    unit: Unit,
    rows: &[u16],
    [count, columns]: [usize; 2],
    pair_stride: usize,
    paired: &mut [u16],
) {
    assert!(pair_stride.is_multiple_of(2 * TILE) && 2 * columns <= pair_stride);
    assert!(count * columns <= rows.len());
    assert!(count.div_ceil(2) * pair_stride <= paired.len());
    for (index, paired) in paired
        .chunks_exact_mut(pair_stride)
        .enumerate()
        .take(count.div_ceil(2))
    {
        let row = |row: usize| match row < count {
            true => &rows[row * columns..][..columns],
            false => &[],
        };
        let [even, odd] = [row(2 * index), row(2 * index + 1)];
        match unit {
            // SAFETY: the processor has AVX-512, and `paired` is whole tiles of pairs.
            #[cfg(target_arch = "x86_64")]
            Unit::Amx | Unit::Avx512 => unsafe { x86::pair(even, odd, paired) },
            Unit::Portable => {
                for (column, pair) in paired.chunks_exact_mut(2).enumerate() {
                    let value = |row: &[u16]| row.get(column).copied().unwrap_or_default();
                    (pair[0], pair[1]) = (value(even), value(odd));
                }
            }
        }
    }
}

/// Columns as rows: element (row, column) goes to `column * stride + row`, with zeros up to whole
/// tiles: `count` up to a multiple of 32, `columns` of 16.
///
/// # Shapes
///
/// - rows: `[count, columns]`
///
/// # Panics
/// Slices that are too short.
pub fn transpose(
    unit: Unit,
    rows: &[u16],
    [count, columns]: [usize; 2],
    stride: usize,
    transposed: &mut [u16],
) {
    if count == 0 || columns == 0 {
        return;
    }
    let (whole, wide) = (
        count.next_multiple_of(TILE_DEPTH),
        columns.next_multiple_of(TILE),
    );
    assert!(count * columns <= rows.len());
    assert!((wide - 1) * stride + whole <= transposed.len());
    match unit {
        #[cfg(target_arch = "x86_64")]
        Unit::Amx | Unit::Avx512 => {
            for column in (0..columns).step_by(TILE) {
                for row in (0..count).step_by(TILE_DEPTH) {
                    // SAFETY: the processor has AVX-512; the block of 16 columns and 32 rows lies
                    // within what is asserted above, and rows and columns beyond are not read.
                    unsafe {
                        x86::transpose_block(
                            &rows[row * columns + column..],
                            [count - row, (columns - column).min(TILE)],
                            columns,
                            transposed.as_mut_ptr().add(column * stride + row),
                            stride,
                        );
                    }
                }
            }
        }
        Unit::Portable => {
            for column in 0..wide {
                for row in 0..whole {
                    let is_there = row < count && column < columns;
                    transposed[column * stride + row] = match is_there {
                        true => rows[row * columns + column],
                        false => 0,
                    };
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _mm256_maskz_loadu_epi16, _mm512_cvtepu16_epi32, _mm512_or_si512,
        _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_slli_epi32, _mm512_storeu_si512,
        _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    };

    use super::TILE;

    /// Up to 16 numbers of two rows side by side; rows may be shorter than `columns`.
    ///
    /// # Safety
    /// Each row must have `columns` (at most 16) numbers from its place on.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    unsafe fn pair_of(even: *const u16, odd: *const u16, [evens, odds]: [usize; 2]) -> __m512i {
        let mask = |count: usize| (u32::MAX.checked_shr(32 - count as u32)).unwrap_or(0) as u16;
        // SAFETY: nothing is read outside the masks.
        unsafe {
            let even = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask(evens), even.cast()));
            let odd = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask(odds), odd.cast()));
            _mm512_or_si512(even, _mm512_slli_epi32::<16>(odd))
        }
    }

    /// # Safety
    /// `paired` must be a whole multiple of 32 numbers.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub unsafe fn pair(even: &[u16], odd: &[u16], paired: &mut [u16]) {
        for (tile, paired) in paired.chunks_exact_mut(2 * TILE).enumerate() {
            let at = tile * TILE;
            let rest = |row: &[u16]| row.len().saturating_sub(at).min(TILE);
            // SAFETY: the places are read as far as the rows go.
            unsafe {
                let both = pair_of(
                    even.as_ptr().wrapping_add(at),
                    odd.as_ptr().wrapping_add(at),
                    [rest(even), rest(odd)],
                );
                _mm512_storeu_si512(paired.as_mut_ptr().cast(), both);
            }
        }
    }

    /// Up to 32 rows of up to 16 columns to 16 rows of 32.
    ///
    /// # Safety
    /// `rows` must hold `count` rows (or 32), `row_stride` apart, of `columns` numbers; 16 rows of 32
    /// numbers, `stride` apart, must be writable at `to`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub unsafe fn transpose_block(
        rows: &[u16],
        [count, columns]: [usize; 2],
        row_stride: usize,
        to: *mut u16,
        stride: usize,
    ) {
        let mut r = [_mm512_setzero_si512(); 16];
        for (index, pair) in r.iter_mut().enumerate() {
            let rest = |row: usize| if row < count { columns } else { 0 };
            let at = |row: usize| rows.as_ptr().wrapping_add(row * row_stride);
            let (even, odd) = (2 * index, 2 * index + 1);
            // SAFETY: rows beyond `count` are not read.
            *pair = unsafe { pair_of(at(even), at(odd), [rest(even), rest(odd)]) };
        }
        let mut t = [_mm512_setzero_si512(); 16];
        for two in 0..8 {
            t[2 * two] = _mm512_unpacklo_epi32(r[2 * two], r[2 * two + 1]);
            t[2 * two + 1] = _mm512_unpackhi_epi32(r[2 * two], r[2 * two + 1]);
        }
        // Four rows each: quarter j of r[4 * four + c] is column 4 * j + c.
        for four in (0..16).step_by(4) {
            r[four] = _mm512_unpacklo_epi64(t[four], t[four + 2]);
            r[four + 1] = _mm512_unpackhi_epi64(t[four], t[four + 2]);
            r[four + 2] = _mm512_unpacklo_epi64(t[four + 1], t[four + 3]);
            r[four + 3] = _mm512_unpackhi_epi64(t[four + 1], t[four + 3]);
        }
        for column in 0..4 {
            let quarters = |from: usize| {
                let (one, two) = (r[from + column], r[from + 4 + column]);
                // Quarters 0 and 2 of both, quarters 1 and 3 of both.
                (
                    _mm512_shuffle_i32x4::<0x88>(one, two),
                    _mm512_shuffle_i32x4::<0xdd>(one, two),
                )
            };
            let ((even, odd), (even_after, odd_after)) = (quarters(0), quarters(8));
            let columns = [
                _mm512_shuffle_i32x4::<0x88>(even, even_after),
                _mm512_shuffle_i32x4::<0x88>(odd, odd_after),
                _mm512_shuffle_i32x4::<0xdd>(even, even_after),
                _mm512_shuffle_i32x4::<0xdd>(odd, odd_after),
            ];
            for (quarter, values) in columns.into_iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe {
                    let row = to.add((4 * quarter + column) * stride);
                    _mm512_storeu_si512(row.cast(), values);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_lays_out_alike() {
        for [count, columns] in [[1usize, 1], [2, 16], [7, 24], [32, 16], [34, 33], [65, 100]] {
            let rows: Vec<u16> = (1..=count * columns).map(|value| value as u16).collect();
            let (pair_stride, stride) = (columns.next_multiple_of(16) * 2, count + 40);
            for unit in Unit::all() {
                let mut paired = vec![9; count.div_ceil(2) * pair_stride];
                pairs(unit, &rows, [count, columns], pair_stride, &mut paired);
                let mut transposed = vec![9; columns.next_multiple_of(16) * stride];
                transpose(unit, &rows, [count, columns], stride, &mut transposed);
                for row in 0..count.next_multiple_of(2) {
                    for column in 0..columns.next_multiple_of(16) {
                        let is_there = row < count && column < columns;
                        let expected = if is_there {
                            rows[row * columns + column]
                        } else {
                            0
                        };
                        let found = paired[row / 2 * pair_stride + column * 2 + row % 2];
                        assert_eq!(found, expected, "{unit:?} pairs at {row}, {column}");
                        let found = transposed[column * stride + row];
                        assert_eq!(found, expected, "{unit:?} transposed at {row}, {column}");
                    }
                }
            }
        }
    }
}

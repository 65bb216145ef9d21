//! Small products of matrices, held in registers: what every kernel of this crate is made of.
//!
//! `c[row][column] += sum over k of a[row][k] * b[k][column]` for up to 8 rows and 32 columns. Each
//! element is summed in the order of k with fused multiply-adds, whatever the instructions, the
//! number of rows and the place of the tile: the same operands give the same bits in every batch
//! size, on every processor with fused multiply-add.
#![allow(
    unsafe_code,
    reason = "vector instructions chosen at run time; bounds are checked once a tile, not once a value"
)]

/// Columns of a panel of `b`: 16 floats are one AVX-512 register or two of AVX2.
pub const LANES: usize = 16;

/// Most rows of a tile.
const ROWS: usize = 8;

/// Vector instructions that this processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Instructions {
    /// The best there are, found out once.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// All that this processor has, for tests.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        #[allow(unused_mut, reason = "x86-64 alone has more")]
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
            if has_avx512() {
                all.push(Self::Avx512);
            }
        }
        all
    }
}

/// AVX-512 as every processor for servers and desktops has it.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

/// The left operand: element (row, k) is at `row * row_stride + k * k_stride`.
#[derive(Debug, Clone, Copy)]
pub struct LeftOperand<'a> {
    pub values: &'a [f32],
    pub row_stride: usize,
    pub k_stride: usize,
}

/// The right operand in panels of [`LANES`] columns: element (k, column) is at
/// `column / LANES * panel_stride + k * k_stride + column % LANES`. Panels are whole: what is
/// beyond the columns is there, and finite.
#[derive(Debug, Clone, Copy)]
pub struct RightOperand<'a> {
    pub values: &'a [f32],
    pub panel_stride: usize,
    pub k_stride: usize,
}

/// Adds a product of any size to `c`, whose row `r` begins at `r * row_stride`.
///
/// # Panics
/// Operands that are too short for their strides.
pub fn multiply_add(
    instructions: Instructions,
    sizes: [usize; 3],
    a: LeftOperand<'_>,
    b: RightOperand<'_>,
    c: &mut [f32],
    row_stride: usize,
) {
    multiply_add_all(instructions, sizes, &[(a, b)], c, row_stride);
}

/// As [`multiply_add`], of several products of the same sizes, one after the other. Each tile of `c` takes them all
/// while it is in the nearest cache: where products are shallow and `c` is large, moving `c` is most of the work.
///
/// # Panics
/// As [`multiply_add`].
pub fn multiply_add_all(
    instructions: Instructions,
    [rows, columns, depth]: [usize; 3],
    products: &[(LeftOperand<'_>, RightOperand<'_>)],
    c: &mut [f32],
    row_stride: usize,
) {
    if rows == 0 || columns == 0 || depth == 0 {
        return;
    }
    let panels = columns.div_ceil(LANES);
    // The furthest element that is touched of each: everything below relies on these lines.
    for (a, b) in products {
        assert!((rows - 1) * a.row_stride + (depth - 1) * a.k_stride < a.values.len());
        assert!((panels - 1) * b.panel_stride + (depth - 1) * b.k_stride + LANES <= b.values.len());
    }
    assert!((rows - 1) * row_stride + columns <= c.len() && (rows == 1 || columns <= row_stride));
    let mut panel = 0;
    while panel < panels {
        let width = if columns >= (panel + 2) * LANES { 2 } else { 1 };
        let used = (columns - panel * LANES).min(width * LANES);
        let mut row = 0;
        while row < rows {
            let height = match rows - row {
                left if left >= ROWS => ROWS,
                left if left >= 4 => 4,
                _ => 1,
            };
            let at = row * row_stride + panel * LANES;
            let add_to = |c: *mut f32, c_row: usize| {
                for (a, b) in products {
                    let strides = Strides {
                        a_row: a.row_stride,
                        a_k: a.k_stride,
                        b_panel: b.panel_stride,
                        b_k: b.k_stride,
                    };
                    // SAFETY: by the assertions, rows `row..row + height` of `a` and panels `panel..panel +
                    // width` of `b` are within their slices. `c` is one of the two below: the tile that
                    // begins at `at`, which is within its slice by the assertions, or a whole one.
                    unsafe {
                        let a = a.values.as_ptr().add(row * a.row_stride);
                        let b = b.values.as_ptr().add(panel * b.panel_stride);
                        tile(
                            instructions,
                            [height, width, depth],
                            a,
                            b,
                            strides,
                            c,
                            c_row,
                        );
                    }
                }
            };
            if used == width * LANES {
                add_to(c[at..].as_mut_ptr(), row_stride);
            } else {
                // The last columns are fewer than a panel: by way of a whole tile.
                let mut whole = [0.0; ROWS * LANES];
                for (r, whole) in whole.chunks_exact_mut(LANES).enumerate().take(height) {
                    whole[..used].copy_from_slice(&c[at + r * row_stride..][..used]);
                }
                add_to(whole.as_mut_ptr(), LANES);
                for (r, whole) in whole.chunks_exact(LANES).enumerate().take(height) {
                    c[at + r * row_stride..][..used].copy_from_slice(&whole[..used]);
                }
            }
            row += height;
        }
        panel += width;
    }
}

#[derive(Clone, Copy)]
struct Strides {
    a_row: usize,
    a_k: usize,
    b_panel: usize,
    b_k: usize,
}

/// One tile of 1, 4 or 8 rows and 1 or 2 panels.
///
/// # Safety
/// All elements of the tile and its operands must be readable, those of `c` writable; the processor
/// must have `instructions`.
#[expect(
    clippy::too_many_arguments,
    reason = "sizes, operands and result of one tile"
)]
unsafe fn tile(
    instructions: Instructions,
    [height, width, depth]: [usize; 3],
    a: *const f32,
    b: *const f32,
    strides: Strides,
    c: *mut f32,
    c_row: usize,
) {
    // SAFETY: the caller's promise is handed on.
    unsafe {
        match instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => match (height, width) {
                (8, 2) => x86::tile_512::<8, 2>(depth, a, b, strides, c, c_row),
                (8, _) => x86::tile_512::<8, 1>(depth, a, b, strides, c, c_row),
                (4, 2) => x86::tile_512::<4, 2>(depth, a, b, strides, c, c_row),
                (4, _) => x86::tile_512::<4, 1>(depth, a, b, strides, c, c_row),
                (_, 2) => x86::tile_512::<1, 2>(depth, a, b, strides, c, c_row),
                _ => x86::tile_512::<1, 1>(depth, a, b, strides, c, c_row),
            },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => {
                for panel in 0..width {
                    let (b, c) = (b.add(panel * strides.b_panel), c.add(panel * LANES));
                    match height {
                        // Sixteen registers hold four rows of two.
                        8 => {
                            x86::tile_256::<4>(depth, a, b, strides, c, c_row);
                            x86::tile_256::<4>(
                                depth,
                                a.add(4 * strides.a_row),
                                b,
                                strides,
                                c.add(4 * c_row),
                                c_row,
                            );
                        }
                        4 => x86::tile_256::<4>(depth, a, b, strides, c, c_row),
                        _ => x86::tile_256::<1>(depth, a, b, strides, c, c_row),
                    }
                }
            }
            Instructions::Portable => {
                for panel in 0..width {
                    let (b, c) = (b.add(panel * strides.b_panel), c.add(panel * LANES));
                    for row in 0..height {
                        portable(
                            depth,
                            a.add(row * strides.a_row),
                            b,
                            strides,
                            c.add(row * c_row),
                        );
                    }
                }
            }
        }
    }
}

/// One row of one panel without vector instructions of our choice.
///
/// # Safety
/// As of [`tile`].
unsafe fn portable(depth: usize, a: *const f32, b: *const f32, strides: Strides, c: *mut f32) {
    // SAFETY: the caller's promise; arrays of floats need no alignment beyond a float's.
    unsafe {
        let mut sums: [f32; LANES] = c.cast::<[f32; LANES]>().read();
        for k in 0..depth {
            let left = a.add(k * strides.a_k).read();
            let right: [f32; LANES] = b.add(k * strides.b_k).cast::<[f32; LANES]>().read();
            for (sum, right) in sums.iter_mut().zip(right) {
                // Where multiply-add is no instruction it is a slow function.
                *sum = if cfg!(any(target_arch = "x86_64", target_arch = "x86")) {
                    left * right + *sum
                } else {
                    left.mul_add(right, *sum)
                };
            }
        }
        c.cast::<[f32; LANES]>().write(sums);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    use super::{LANES, Strides};

    /// `R` rows and `N` panels with AVX-512.
    ///
    /// # Safety
    /// As of [`super::tile`].
    #[target_feature(enable = "avx512f")]
    pub unsafe fn tile_512<const R: usize, const N: usize>(
        depth: usize,
        a: *const f32,
        b: *const f32,
        strides: Strides,
        c: *mut f32,
        c_row: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); N]; R];
            for (row, sums) in sums.iter_mut().enumerate() {
                for (panel, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm512_loadu_ps(c.add(row * c_row + panel * LANES));
                }
            }
            for k in 0..depth {
                let mut right = [_mm512_setzero_ps(); N];
                for (panel, right) in right.iter_mut().enumerate() {
                    *right = _mm512_loadu_ps(b.add(panel * strides.b_panel + k * strides.b_k));
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    let left = _mm512_set1_ps(*a.add(row * strides.a_row + k * strides.a_k));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = _mm512_fmadd_ps(left, right, *sum);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (panel, sum) in sums.iter().enumerate() {
                    _mm512_storeu_ps(c.add(row * c_row + panel * LANES), *sum);
                }
            }
        }
    }

    /// `R` rows and one panel with AVX2.
    ///
    /// # Safety
    /// As of [`super::tile`].
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn tile_256<const R: usize>(
        depth: usize,
        a: *const f32,
        b: *const f32,
        strides: Strides,
        c: *mut f32,
        c_row: usize,
    ) {
        const HALF: usize = LANES / 2;
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [[_mm256_setzero_ps(); 2]; R];
            for (row, sums) in sums.iter_mut().enumerate() {
                for (half, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm256_loadu_ps(c.add(row * c_row + half * HALF));
                }
            }
            for k in 0..depth {
                let right = [
                    _mm256_loadu_ps(b.add(k * strides.b_k)),
                    _mm256_loadu_ps(b.add(k * strides.b_k + HALF)),
                ];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let left = _mm256_set1_ps(*a.add(row * strides.a_row + k * strides.a_k));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = _mm256_fmadd_ps(left, right, *sum);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (half, sum) in sums.iter().enumerate() {
                    _mm256_storeu_ps(c.add(row * c_row + half * HALF), *sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        let next = |index: u32| {
            (index.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..count as u32).map(next).collect()
    }

    /// Every instruction set against a plain sum in f64, for sizes that are and are not multiples
    /// of the tile.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a test reads from top to bottom")]
    fn products_are_those_of_a_plain_sum() {
        for [rows, columns, depth] in [
            [1, 1, 1],
            [8, 32, 5],
            [13, 40, 24],
            [4, 16, 96],
            [3, 17, 7],
            [21, 64, 33],
            [2, 7, 3],
        ] {
            let (a, panels) = (values(rows * depth, 1), columns.div_ceil(LANES));
            let b = values(panels * depth * LANES, 2);
            let start = values(rows * (columns + 3), 3);
            let left = LeftOperand {
                values: &a,
                row_stride: depth,
                k_stride: 1,
            };
            let right = RightOperand {
                values: &b,
                panel_stride: depth * LANES,
                k_stride: LANES,
            };
            let mut results = Vec::new();
            for instructions in Instructions::all() {
                let mut c = start.clone();
                multiply_add(
                    instructions,
                    [rows, columns, depth],
                    left,
                    right,
                    &mut c,
                    columns + 3,
                );
                for row in 0..rows {
                    for column in 0..columns {
                        let b_at = |k: usize| {
                            b[column / LANES * depth * LANES + k * LANES + column % LANES]
                        };
                        let sum: f64 = (0..depth)
                            .map(|k| f64::from(a[row * depth + k]) * f64::from(b_at(k)))
                            .sum();
                        let at = row * (columns + 3) + column;
                        let error = f64::from(c[at]) - f64::from(start[at]) - sum;
                        assert!(
                            error.abs() < 1e-5,
                            "{instructions:?} {rows}x{columns}x{depth} at {row},{column}: {error}"
                        );
                    }
                    let beyond = row * (columns + 3) + columns;
                    assert_eq!(
                        c[beyond..beyond + 3],
                        start[beyond..beyond + 3],
                        "nothing beyond the columns is written"
                    );
                }
                results.push(c);
            }
            if let [_, rest @ ..] = &results[..] {
                assert!(
                    rest.windows(2).all(|pair| pair[0] == pair[1]),
                    "AVX2 and AVX-512 give the same bits"
                );
            }
        }
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn short_operands_are_refused() {
        let (a, b, mut c) = ([0.0; 4], [0.0; LANES], [0.0; 4]);
        let left = LeftOperand {
            values: &a,
            row_stride: 2,
            k_stride: 1,
        };
        let right = RightOperand {
            values: &b,
            panel_stride: LANES,
            k_stride: LANES,
        };
        multiply_add(Instructions::Portable, [2, 2, 2], left, right, &mut c, 2);
    }
}

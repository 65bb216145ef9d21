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

/// How far apart the values of both operands are, as of [`LeftOperand`] and [`RightOperand`].
#[derive(Debug, Clone, Copy)]
pub struct Strides {
    pub a_row: usize,
    pub a_k: usize,
    pub b_panel: usize,
    pub b_k: usize,
}

/// The values of a left and of a right operand.
pub type Product<'a> = (&'a [f32], &'a [f32]);

/// In which order several products and what there is already are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Every product is added to what there is.
    Continued,
    /// The products are added up, and their sum to what there is.
    Apart,
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
    let strides = Strides {
        a_row: a.row_stride,
        a_k: a.k_stride,
        b_panel: b.panel_stride,
        b_k: b.k_stride,
    };
    let products = (strides, &[(a.values, b.values)][..]);
    multiply_add_all(
        instructions,
        sizes,
        products,
        (c, row_stride),
        Order::Continued,
    );
}

/// As [`multiply_add`], of several products of the same sizes and strides. Each tile of `c` takes them all while it is in
/// the nearest cache: where products are shallow and `c` is large, moving `c` is most of the work.
///
/// # Panics
/// As [`multiply_add`].
pub fn multiply_add_all(
    instructions: Instructions,
    sizes: [usize; 3],
    products: (Strides, &[Product<'_>]),
    (c, row_stride): (&mut [f32], usize),
    order: Order,
) {
    let state = match order {
        Order::Continued => State::Continued,
        Order::Apart => State::Apart,
    };
    let sums = (c.as_mut_ptr(), row_stride, c.len());
    // SAFETY: `c` is values, and stays so.
    unsafe { each_tile(instructions, sizes, products, sums, state) }
}

/// The sums that [`multiply_add_all`] would add to zeros, written at once: rows of whole panels, those of each of
/// `runs` below those of the one before.
///
/// # Panics
/// As [`multiply_add`].
pub fn multiply_all(
    instructions: Instructions,
    [rows, columns, depth]: [usize; 3],
    strides: Strides,
    runs: &[Vec<Product<'_>>],
) -> Vec<f32> {
    let width = columns.next_multiple_of(LANES);
    let count = rows * width;
    if depth == 0 || runs.iter().any(Vec::is_empty) {
        return vec![0.0; runs.len() * count];
    }
    let mut values: Vec<f32> = Vec::with_capacity(runs.len() * count);
    for (run, products) in runs.iter().enumerate() {
        // SAFETY: the tiles of a run are all of its `count` values, as its columns are whole panels; the first of
        // its products writes them without reading.
        unsafe {
            let sums = (values.as_mut_ptr().add(run * count), width, count);
            let sizes = [rows, width, depth];
            let products = (strides, &products[..]);
            each_tile(instructions, sizes, products, sums, State::Unset);
            values.set_len((run + 1) * count);
        }
    }
    values
}

/// What sums are before products are added to them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing yet: they begin at 0.
    Unset,
    /// As of [`Order::Continued`].
    Continued,
    /// As of [`Order::Apart`].
    Apart,
}

/// Adds the products, tile by tile, to sums: where they begin, how far apart their rows are, and how many values there
/// are from the first on.
///
/// # Safety
/// So many values must be writable, and readable unless they are unset.
unsafe fn each_tile(
    instructions: Instructions,
    [rows, columns, depth]: [usize; 3],
    (strides, products): (Strides, &[Product<'_>]),
    (sums, row_stride, len): (*mut f32, usize, usize),
    state: State,
) {
    if rows == 0 || columns == 0 || depth == 0 {
        return;
    }
    let panels = columns.div_ceil(LANES);
    // The furthest element that is touched of each: everything below relies on these lines.
    let last = [
        (rows - 1) * strides.a_row + (depth - 1) * strides.a_k,
        (panels - 1) * strides.b_panel + (depth - 1) * strides.b_k + LANES - 1,
    ];
    for (a, b) in products {
        assert!(last[0] < a.len() && last[1] < b.len());
    }
    assert!((rows - 1) * row_stride + columns <= len && (rows == 1 || columns <= row_stride));
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
            let mut tile = Tile {
                depth,
                strides,
                row_stride,
                state,
            };
            let begin = [row * strides.a_row, panel * strides.b_panel];
            // SAFETY: by the assertions, rows `row..row + height` and panels `panel..panel + width` of the operands are
            // within their slices, and `used` sums of `height` rows within `len`.
            unsafe {
                let sums = sums.add(row * row_stride + panel * LANES);
                let sizes = [height, width];
                if used == width * LANES {
                    tile.add_all(instructions, sizes, products, begin, sums);
                } else {
                    // The last columns are fewer than a panel: by way of a whole tile.
                    let mut whole = [0.0; ROWS * LANES];
                    if state != State::Unset {
                        for (row, whole) in whole.chunks_exact_mut(LANES).enumerate().take(height) {
                            let row = sums.add(row * row_stride);
                            row.copy_to_nonoverlapping(whole.as_mut_ptr(), used);
                        }
                    }
                    tile.row_stride = LANES;
                    tile.add_all(instructions, sizes, products, begin, whole.as_mut_ptr());
                    for (row, whole) in whole.chunks_exact(LANES).enumerate().take(height) {
                        let row = sums.add(row * row_stride);
                        row.copy_from_nonoverlapping(whole.as_ptr(), used);
                    }
                }
            }
            row += height;
        }
        panel += width;
    }
}

/// What all tiles of some products have in common.
#[derive(Clone, Copy)]
struct Tile {
    depth: usize,
    strides: Strides,
    /// From one row of the sums to the next.
    row_stride: usize,
    state: State,
}

impl Tile {
    /// Adds the products one after the other or, where they are summed apart or the steps of the right operands lie
    /// beside each other, all while the sums are in registers: then the steps are read anew for every few rows, from
    /// the nearest cache if they fit there.
    ///
    /// # Safety
    /// As of [`Self::add`].
    unsafe fn add_all(
        mut self,
        instructions: Instructions,
        sizes: [usize; 2],
        products: &[Product<'_>],
        begin: [usize; 2],
        sums: *mut f32,
    ) {
        // SAFETY: the caller's promise is handed on.
        unsafe {
            if self.state == State::Apart || self.strides.b_k == LANES {
                return self.add(instructions, sizes, products, begin, sums);
            }
            for product in products {
                let product = std::slice::from_ref(product);
                self.add(instructions, sizes, product, begin, sums);
                self.state = State::Continued;
            }
        }
    }

    /// Adds the products to 1, 4 or 8 rows and 1 or 2 panels of sums; `[a, b]` is where their part of each operand
    /// begins.
    ///
    /// # Safety
    /// All elements of the operands must be readable, the sums writable and, unless they are unset, readable; the
    /// processor must have the instructions.
    unsafe fn add(
        &self,
        instructions: Instructions,
        [height, width]: [usize; 2],
        products: &[Product<'_>],
        [a, b]: [usize; 2],
        sums: *mut f32,
    ) {
        // SAFETY: the caller's promise is handed on.
        unsafe {
            match instructions {
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => match (height, width) {
                    (8, 2) => x86::tile_512::<8, 2>(self, products, a, b, sums),
                    (8, _) => x86::tile_512::<8, 1>(self, products, a, b, sums),
                    (4, 2) => x86::tile_512::<4, 2>(self, products, a, b, sums),
                    (4, _) => x86::tile_512::<4, 1>(self, products, a, b, sums),
                    (_, 2) => x86::tile_512::<1, 2>(self, products, a, b, sums),
                    _ => x86::tile_512::<1, 1>(self, products, a, b, sums),
                },
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => {
                    for panel in 0..width {
                        let (b, sums) = (b + panel * self.strides.b_panel, sums.add(panel * LANES));
                        match height {
                            // Sixteen registers hold four rows of two.
                            8 => {
                                x86::tile_256::<4>(self, products, a, b, sums);
                                let (a, sums) =
                                    (a + 4 * self.strides.a_row, sums.add(4 * self.row_stride));
                                x86::tile_256::<4>(self, products, a, b, sums);
                            }
                            4 => x86::tile_256::<4>(self, products, a, b, sums),
                            _ => x86::tile_256::<1>(self, products, a, b, sums),
                        }
                    }
                }
                Instructions::Portable => {
                    for panel in 0..width {
                        for row in 0..height {
                            let (a, b) = (
                                a + row * self.strides.a_row,
                                b + panel * self.strides.b_panel,
                            );
                            let sums = sums.add(row * self.row_stride + panel * LANES);
                            self.add_row(products, a, b, sums);
                        }
                    }
                }
            }
        }
    }

    /// One row of one panel without vector instructions of our choice.
    ///
    /// # Safety
    /// As of [`Self::add`].
    unsafe fn add_row(&self, products: &[Product<'_>], a: usize, b: usize, sums: *mut f32) {
        // SAFETY: the caller's promise; arrays of floats need no alignment beyond a float's.
        unsafe {
            let place = sums.cast::<[f32; LANES]>();
            let mut sums = match self.state {
                State::Continued => place.read(),
                State::Unset | State::Apart => [0.0; LANES],
            };
            for (left, right) in products {
                let (a, b) = (left.as_ptr().add(a), right.as_ptr().add(b));
                for k in 0..self.depth {
                    let left = a.add(k * self.strides.a_k).read();
                    let right = b.add(k * self.strides.b_k).cast::<[f32; LANES]>().read();
                    for (sum, right) in sums.iter_mut().zip(right) {
                        // Where multiply-add is no instruction it is a slow function.
                        *sum = if cfg!(any(target_arch = "x86_64", target_arch = "x86")) {
                            left * right + *sum
                        } else {
                            left.mul_add(right, *sum)
                        };
                    }
                }
            }
            if self.state == State::Apart {
                let before = place.read();
                sums.iter_mut()
                    .zip(before)
                    .for_each(|(sum, before)| *sum += before);
            }
            place.write(sums);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps,
        _mm256_storeu_ps, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
        _mm512_setzero_ps, _mm512_storeu_ps,
    };

    use super::{LANES, Product, State, Strides, Tile};

    /// `R` rows and `N` panels with AVX-512.
    ///
    /// # Safety
    /// As of [`Tile::add`].
    #[target_feature(enable = "avx512f")]
    pub unsafe fn tile_512<const R: usize, const N: usize>(
        tile: &Tile,
        products: &[Product<'_>],
        a: usize,
        b: usize,
        c: *mut f32,
    ) {
        let Strides {
            a_row,
            a_k,
            b_panel,
            b_k,
        } = tile.strides;
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); N]; R];
            if tile.state == State::Continued {
                for (row, sums) in sums.iter_mut().enumerate() {
                    for (panel, sum) in sums.iter_mut().enumerate() {
                        *sum = _mm512_loadu_ps(c.add(row * tile.row_stride + panel * LANES));
                    }
                }
            }
            for (left, right) in products {
                let (a, b) = (left.as_ptr().add(a), right.as_ptr().add(b));
                for k in 0..tile.depth {
                    let mut right = [_mm512_setzero_ps(); N];
                    for (panel, right) in right.iter_mut().enumerate() {
                        *right = _mm512_loadu_ps(b.add(panel * b_panel + k * b_k));
                    }
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let left = _mm512_set1_ps(*a.add(row * a_row + k * a_k));
                        for (sum, right) in sums.iter_mut().zip(right) {
                            *sum = _mm512_fmadd_ps(left, right, *sum);
                        }
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (panel, &sum) in sums.iter().enumerate() {
                    let place = c.add(row * tile.row_stride + panel * LANES);
                    let sum = match tile.state {
                        State::Apart => _mm512_add_ps(_mm512_loadu_ps(place), sum),
                        State::Unset | State::Continued => sum,
                    };
                    _mm512_storeu_ps(place, sum);
                }
            }
        }
    }

    /// `R` rows and one panel with AVX2.
    ///
    /// # Safety
    /// As of [`Tile::add`].
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn tile_256<const R: usize>(
        tile: &Tile,
        products: &[Product<'_>],
        a: usize,
        b: usize,
        c: *mut f32,
    ) {
        const HALF: usize = LANES / 2;
        let Strides {
            a_row, a_k, b_k, ..
        } = tile.strides;
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [[_mm256_setzero_ps(); 2]; R];
            if tile.state == State::Continued {
                for (row, sums) in sums.iter_mut().enumerate() {
                    for (half, sum) in sums.iter_mut().enumerate() {
                        *sum = _mm256_loadu_ps(c.add(row * tile.row_stride + half * HALF));
                    }
                }
            }
            for (left, right) in products {
                let (a, b) = (left.as_ptr().add(a), right.as_ptr().add(b));
                for k in 0..tile.depth {
                    let right = [
                        _mm256_loadu_ps(b.add(k * b_k)),
                        _mm256_loadu_ps(b.add(k * b_k + HALF)),
                    ];
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let left = _mm256_set1_ps(*a.add(row * a_row + k * a_k));
                        for (sum, right) in sums.iter_mut().zip(right) {
                            *sum = _mm256_fmadd_ps(left, right, *sum);
                        }
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (half, &sum) in sums.iter().enumerate() {
                    let place = c.add(row * tile.row_stride + half * HALF);
                    let sum = match tile.state {
                        State::Apart => _mm256_add_ps(_mm256_loadu_ps(place), sum),
                        State::Unset | State::Continued => sum,
                    };
                    _mm256_storeu_ps(place, sum);
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

    /// Several products into memory that nothing was written to, after each other and apart; steps of the right operands
    /// lie beside each other or not.
    #[test]
    fn several_products_are_added_up() {
        let (rows, depth) = (13, 5);
        for (columns, b_k) in [(32, LANES), (32, 2 * LANES), (48, LANES)] {
            let b_panel = if b_k == LANES { depth * LANES } else { LANES };
            let strides = Strides {
                a_row: 1,
                a_k: rows,
                b_panel,
                b_k,
            };
            let operands = |seed| {
                (
                    values(rows * depth, seed),
                    values(columns * depth, seed + 9),
                )
            };
            let owned = [operands(1), operands(2), operands(3)];
            let products: Vec<Product<'_>> = owned.iter().map(|(a, b)| (&a[..], &b[..])).collect();
            let plain = |row: usize, column: usize| -> f64 {
                let of_one = |&(a, b): &Product<'_>| -> f64 {
                    let b = &b[column / LANES * b_panel + column % LANES..];
                    let term = |k: usize| f64::from(a[row + k * rows]) * f64::from(b[k * b_k]);
                    (0..depth).map(term).sum()
                };
                products.iter().map(of_one).sum()
            };
            for instructions in Instructions::all() {
                let sizes = [rows, columns, depth];
                let runs = [products.clone(), products[..1].to_vec(), products.clone()];
                let fresh = multiply_all(instructions, sizes, strides, &runs);
                let (first, last) = (&fresh[..rows * columns], &fresh[2 * rows * columns..]);
                assert_eq!(first, last);
                for (at, found) in first.iter().enumerate() {
                    let error = f64::from(*found) - plain(at / columns, at % columns);
                    assert!(error.abs() < 1e-5, "{instructions:?} at {at}: {error}");
                }
                let add = |order| {
                    let mut sums = values(rows * columns, 4);
                    let place = (&mut sums[..], columns);
                    multiply_add_all(instructions, sizes, (strides, &products), place, order);
                    sums
                };
                let before = values(rows * columns, 4);
                let apart = before.iter().zip(first).map(|(before, sum)| before + sum);
                assert_eq!(add(Order::Apart), apart.collect::<Vec<_>>());
                let mut one_by_one = before;
                for product in &products {
                    let place = (&mut one_by_one[..], columns);
                    let product = (strides, std::slice::from_ref(product));
                    multiply_add_all(instructions, sizes, product, place, Order::Continued);
                }
                assert_eq!(add(Order::Continued), one_by_one);
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

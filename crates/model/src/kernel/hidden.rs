//! The products of a recurrent layer's hidden states, in either precision.

use super::bf16::{Left, Right, Start, TILE, TILE_DEPTH, Unit, in_panel, multiply, pairs, round};
use super::bf16::{round_all, transpose};
use super::precision::Precision;
use super::tile::{Instructions, LANES, LeftOperand, RightOperand, multiply_add};

/// What products are made of, and by which instructions.
#[derive(Debug, Clone, Copy)]
pub enum Products {
    F32(Instructions),
    Bf16(Unit),
}

impl Products {
    /// The best instructions for the precision.
    pub fn detect(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32(Instructions::detect()),
            Precision::Bf16 => Self::Bf16(Unit::detect()),
        }
    }

    /// All that this processor has, for tests.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        let f32 = Instructions::all().into_iter().map(Self::F32);
        f32.chain(Unit::all().into_iter().map(Self::Bf16)).collect()
    }

    /// Adds to `sums` what the steps' gradients are to the weights that met the hidden states.
    ///
    /// # Shapes
    ///
    /// - steps: their number, hidden states `[step, unit]`, gradients `[step, width]`
    /// - sums: `[unit, width]`, units up to whole tiles; `width` is a whole number of panels
    pub fn add_along_time(
        self,
        (steps, hidden, grads): (usize, &[f32], &[f32]),
        [units, width]: [usize; 2],
        sums: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let unit = match self {
            Self::F32(instructions) => {
                let a = LeftOperand {
                    values: hidden,
                    row_stride: 1,
                    k_stride: units,
                };
                let b = RightOperand {
                    values: grads,
                    panel_stride: LANES,
                    k_stride: width,
                };
                return multiply_add(instructions, [units, width, steps], a, b, sums, width);
            }
            Self::Bf16(unit) => unit,
        };
        let deep = steps.next_multiple_of(TILE_DEPTH);
        let Scratch {
            rounded,
            transposed,
            paired,
            ..
        } = scratch;
        // `transpose` and `pairs` write all that is read but the pairs beyond the last step.
        transposed.resize(units.next_multiple_of(TILE) * deep, 0);
        paired.resize(deep * width, 0);
        paired[steps.next_multiple_of(2) * width..].fill(0);
        rounded.resize(steps * units.max(width), 0);
        round_all(
            unit,
            &hidden[..steps * units],
            false,
            &mut rounded[..steps * units],
        );
        transpose(unit, rounded, [steps, units], deep, transposed);
        round_all(
            unit,
            &grads[..steps * width],
            false,
            &mut rounded[..steps * width],
        );
        pairs(unit, rounded, [steps, width], 2 * width, paired);
        let left = Left {
            values: transposed,
            row_stride: deep,
        };
        let right = Right {
            values: paired,
            panel_stride: 2 * TILE,
            pair_stride: 2 * width,
        };
        let of = [units, width, steps];
        multiply(unit, of, (left, right), sums, width, Start::Result);
    }
}

/// Memory for rounded operands, used again and again.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Rows of [`Matrix::add_product`], always of the same matrix.
    rows: Vec<u16>,
    rounded: Vec<u16>,
    transposed: Vec<u16>,
    paired: Vec<u16>,
}

/// The right operand of products with a few rows each, `[depth, columns]`.
pub struct Matrix {
    sizes: [usize; 2],
    panels: Panels,
}

/// Panels of [`LANES`] columns, zeros beyond the last.
enum Panels {
    F32(Instructions, Vec<f32>),
    Bf16(Unit, Vec<u16>),
}

impl Matrix {
    /// A matrix of these sizes; `value` is told the row and the column.
    pub fn new(
        products: Products,
        [depth, columns]: [usize; 2],
        value: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let count = columns.div_ceil(LANES);
        let places = (0..columns).flat_map(|column| (0..depth).map(move |k| (k, column)));
        let panels = match products {
            Products::F32(instructions) => {
                let mut packed = vec![0.0; count * depth * LANES];
                for (k, column) in places {
                    let place = (column / LANES * depth + k) * LANES + column % LANES;
                    packed[place] = value(k, column);
                }
                Panels::F32(instructions, packed)
            }
            Products::Bf16(unit) => {
                let panel = depth.next_multiple_of(TILE_DEPTH) * TILE;
                let mut packed = vec![0; count * panel];
                for (k, column) in places {
                    let place = column / TILE * panel + in_panel(k, column % TILE);
                    packed[place] = round(value(k, column));
                }
                Panels::Bf16(unit, packed)
            }
        };
        Self {
            sizes: [depth, columns],
            panels,
        }
    }

    /// Adds the product of up to [`TILE`] rows with this matrix to `sums`.
    ///
    /// # Shapes
    ///
    /// - values, stride, rows: `rows` of `depth` values, each `stride` after the one before
    /// - sums: [`TILE`] rows of `columns` up to whole panels; what is beyond the product's own
    ///   may be written with anything
    pub fn add_product(
        &self,
        (values, stride, rows): (&[f32], usize, usize),
        sums: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let [depth, columns] = self.sizes;
        let width = columns.next_multiple_of(LANES);
        match &self.panels {
            Panels::F32(instructions, packed) => {
                let a = LeftOperand {
                    values,
                    row_stride: stride,
                    k_stride: 1,
                };
                let b = RightOperand {
                    values: packed,
                    panel_stride: depth * LANES,
                    k_stride: LANES,
                };
                multiply_add(*instructions, [rows, columns, depth], a, b, sums, width);
            }
            Panels::Bf16(unit, packed) => {
                let deep = depth.next_multiple_of(TILE_DEPTH);
                // Beyond the depth stay zeros, and beyond the rows what was finite before.
                let rounded = &mut scratch.rows;
                rounded.resize(TILE * deep, 0);
                for (row, rounded) in rounded.chunks_exact_mut(deep).enumerate().take(rows) {
                    let values = &values[row * stride..][..depth];
                    round_all(*unit, values, false, &mut rounded[..depth]);
                }
                let left = Left {
                    values: rounded,
                    row_stride: deep,
                };
                let right = Right {
                    values: packed,
                    panel_stride: deep * TILE,
                    pair_stride: 2 * TILE,
                };
                let of = [rows, columns, depth];
                multiply(*unit, of, (left, right), sums, width, Start::Result);
            }
        }
    }
}

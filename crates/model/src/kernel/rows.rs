//! What is done to rows of values beside the products, compiled for each set of vector instructions.
//!
//! Every value goes through the same operations in the same order whatever the instructions.

use super::Mask;
use super::tile::LANES;
use super::vector::vectorized;

vectorized! {
    /// Adds `bias` to each row.
    pub fn add_to_rows(rows: &mut [f32], bias: &[f32]) {
        for row in rows.chunks_exact_mut(bias.len()) {
            for (value, bias) in row.iter_mut().zip(bias) {
                *value += bias;
            }
        }
    }
}

vectorized! {
    /// `products`, in rows of `stride` values, plus `bias`, and `residual` where there is one.
    pub fn finish(
        rows: &mut [f32],
        products: &[f32],
        stride: usize,
        bias: &[f32],
        residual: Option<&[f32]>,
    ) {
        let products = products.chunks_exact(stride);
        let rows = rows.chunks_exact_mut(bias.len()).zip(products);
        match residual {
            Some(residual) => {
                for ((row, products), residual) in rows.zip(residual.chunks_exact(bias.len())) {
                    let row = row.iter_mut().zip(products).zip(residual).zip(bias);
                    for (((value, product), residual), bias) in row {
                        *value = residual + bias + product;
                    }
                }
            }
            None => {
                for (row, products) in rows {
                    for ((value, product), bias) in row.iter_mut().zip(products).zip(bias) {
                        *value = bias + product;
                    }
                }
            }
        }
    }
}

vectorized! {
    /// The values after a rectifier. It lets NaN through, as PyTorch does: `max` would hide broken
    /// weights.
    pub fn rectify(values: &[f32], rectified: &mut [f32]) {
        for (rectified, &value) in rectified.iter_mut().zip(values) {
            *rectified = if value < 0.0 { 0.0 } else { value };
        }
    }
}

vectorized! {
    /// Copies rows of channels block by block. `sizes`: channels of a row and of a block, which are [`LANES`] or all, and
    /// values from one block of a row to the next and from one row to the next.
    pub fn into_blocks(rows: &[f32], sizes: [usize; 4], rectified: bool, blocks: &mut [f32]) {
        let [channels, block, block_stride, row_stride] = sizes;
        let kept = |value: f32| if rectified && value < 0.0 { 0.0 } else { value };
        if channels == block && block == row_stride {
            blocks.iter_mut().zip(rows).for_each(|(place, &value)| *place = kept(value));
            return;
        }
        for (index, row) in rows.chunks_exact(channels).enumerate() {
            let (whole, rest) = row.as_chunks::<LANES>();
            for (block, values) in whole.iter().enumerate() {
                let place = &mut blocks[block * block_stride + index * row_stride..][..LANES];
                place.copy_from_slice(&values.map(kept));
            }
            for (lane, &value) in rest.iter().enumerate() {
                blocks[whole.len() * block_stride + index * row_stride + lane] = kept(value);
            }
        }
    }
}

vectorized! {
    /// Zeros where the rectifier's input was not above 0.
    pub fn back_through_rectifier(grad: &mut [f32], input: &[f32]) {
        for (grad, &value) in grad.iter_mut().zip(input) {
            *grad = if value <= 0.0 { 0.0 } else { *grad };
        }
    }
}

vectorized! {
    /// Adds values to sums.
    pub fn add(sums: &mut [f32], values: &[f32]) {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value;
        }
    }
}

vectorized! {
    /// Adds rows of `stride` values to the sums of their first columns.
    pub fn add_rows(sums: &mut [f32], rows: &[f32], stride: usize) {
        for row in rows.chunks_exact(stride) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

vectorized! {
    /// Multiplies values by a mask, the first of them being at `place` of the whole tensor.
    pub fn apply_mask(values: &mut [f32], mask: Mask, place: usize) {
        mask.apply(place, values);
    }
}

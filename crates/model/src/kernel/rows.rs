//! What is done to rows of values beside the products, compiled for each set of vector instructions.
//!
//! Every value goes through the same operations in the same order whatever the instructions.

use super::Mask;
use super::vector::vectorized;

vectorized! {
    /// Rows of `bias`, and `residual` where there is one.
    pub fn begin(rows: &mut [f32], bias: &[f32], residual: Option<&[f32]>) {
        match residual {
            Some(residual) => {
                let residual = residual.chunks_exact(bias.len());
                for (row, residual) in rows.chunks_exact_mut(bias.len()).zip(residual) {
                    for ((value, residual), bias) in row.iter_mut().zip(residual).zip(bias) {
                        *value = residual + bias;
                    }
                }
            }
            None => rows
                .chunks_exact_mut(bias.len())
                .for_each(|row| row.copy_from_slice(bias)),
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

//! A step of AdamW in one pass over the values, for Burn's CPU backend.
//!
//! Burn's operations go over a parameter a dozen times, each on one thread. Every value goes through
//! the same operations in the same order here, so that the bits are those of Burn's operations.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::op::primitive;
use super::tile::Instructions;
use super::vector::vectorized;

/// Factors of one step, the same for all values of a parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamWFactors {
    pub beta_1: f64,
    pub beta_2: f64,
    pub epsilon: f64,
    /// What the root of the mean square is divided by: the mean starts at 0 and is too small.
    pub root_of_missing: f64,
    /// The learning rate, over what the mean of the gradients is too small by.
    pub rate: f64,
    /// Part of the value that is taken off.
    pub decay: f64,
}

/// A parameter with the means of its gradients and of their squares, all `[values]`.
pub(crate) struct AdamWTensors {
    pub value: Tensor<1>,
    pub first: Tensor<1>,
    pub second: Tensor<1>,
}

/// Moves a parameter against its gradient and brings the means up to date; gives back tensors of any
/// backend but flex.
pub(crate) fn adamw(
    factors: AdamWFactors,
    tensors: AdamWTensors,
    grad: Tensor<1>,
) -> Result<AdamWTensors, Box<(AdamWTensors, Tensor<1>)>> {
    if grad.clone().try_into_primitive::<Flex>().is_err() {
        return Err(Box::new((tensors, grad)));
    }
    let grad = primitive!(grad, Flex).to_contiguous();
    let owned = |tensor: Tensor<1>| primitive!(tensor, Flex).to_contiguous();
    let mut value = owned(tensors.value);
    let mut first = owned(tensors.first);
    let mut second = owned(tensors.second);
    let instructions = Instructions::detect();
    let grads = super::op::values(&grad).par_chunks(CHUNK);
    let values = values_mut(&mut value).par_chunks_mut(CHUNK);
    let firsts = values_mut(&mut first).par_chunks_mut(CHUNK);
    let seconds = values_mut(&mut second).par_chunks_mut(CHUNK);
    let chunks = values.zip(firsts).zip(seconds).zip(grads);
    chunks.for_each(|(((value, first), second), grad)| {
        step(instructions, value, first, second, grad, factors);
    });
    let [value, first, second] = [value, first, second].map(Tensor::from_primitive::<Flex>);
    Ok(AdamWTensors {
        value,
        first,
        second,
    })
}

/// Values that a thread takes at once.
const CHUNK: usize = 1 << 14;

/// The values of a contiguous tensor, copied before where others share them.
fn values_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, end) = tensor.layout().contiguous_offsets().unwrap_or_default();
    &mut tensor.storage_mut()[start..end]
}

vectorized! {
    /// The step of some values.
    pub fn step(
        values: &mut [f32],
        firsts: &mut [f32],
        seconds: &mut [f32],
        grads: &[f32],
        factors: AdamWFactors,
    ) {
        let [beta_1, beta_2] = [factors.beta_1 as f32, factors.beta_2 as f32];
        let [new_1, new_2] = [(1.0 - factors.beta_1) as f32, (1.0 - factors.beta_2) as f32];
        let (root_of_missing, epsilon) = (factors.root_of_missing as f32, factors.epsilon as f32);
        let (rate, kept) = (factors.rate as f32, (1.0 - factors.decay) as f32);
        let rows = values.iter_mut().zip(firsts).zip(seconds).zip(grads);
        for (((value, first), second), grad) in rows {
            *first = *first * beta_1 + grad * new_1;
            *second = *second * beta_2 + grad * grad * new_2;
            let root = second.sqrt() / root_of_missing + epsilon;
            *value = *value * kept - *first / root * rate;
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::kernel::bf16::round;
use crate::kernel::{Mask, conv};

/// Values that are exact in bf16, away from the rectifier's corner.
fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = (state >> 40) as f32 / 8_388_608.0 - 1.0;
        f32::from_bits(u32::from(round(if value.abs() < 0.01 { 0.5 } else { value })) << 16)
    };
    (0..count).map(next).collect()
}

fn shapes() -> impl Strategy<Value = ConvShape> {
    let sizes = (1..9usize, 1..40usize, 1..40usize, 1..40usize, 1..6usize);
    (sizes, 1..4usize, 1..5usize, [0..4usize, 0..4usize]).prop_map(
        |(sizes, stride, dilation, padding)| {
            let (windows, time, channels_in, channels_out, kernel) = sizes;
            let dilation = if stride == 1 { dilation } else { 1 };
            let reach = (kernel - 1) * dilation;
            let padding = padding.map(|steps: usize| steps.min(reach));
            let time = time.max((reach + 1).saturating_sub(padding[0] + padding[1]));
            ConvShape {
                windows,
                time,
                channels_in,
                channels_out,
                kernel,
                stride,
                dilation,
                padding,
            }
        },
    )
}

fn close(found: &[f32], expected: &[f32], tolerance: f32) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        prop_assert!(
            (found - expected).abs() <= tolerance,
            "{index}: {found} {expected}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Operands that are exact in bf16 give what the f32 kernel gives, but for the order of the sums.
    #[test]
    fn exact_operands_give_the_products_of_f32(shape in shapes(), seed: u64, rectified: bool, drops: bool) {
        let x = values(shape.windows * shape.time * shape.channels_in, seed);
        let w = values(shape.channels_out * shape.channels_in * shape.kernel, seed ^ 1);
        let bias = values(shape.channels_out, seed ^ 2);
        let count = shape.windows * shape.time_out() * shape.channels_out;
        let (residual, grad) = (values(count, seed ^ 3), values(count, seed ^ 4));
        // A factor of 2 keeps the masked gradient exact.
        let mask = drops.then(|| Mask::new(seed, 0.5));
        let extras = Extras { rectified, mask, ..Extras::default() };
        let residual = (!drops).then_some(&residual[..]);
        let expected = conv::forward(shape, &x, &w, &bias, residual, extras);
        let back = conv::backward(shape, &x, &w, &grad, extras, true);
        let scale = 1e-6 * (shape.channels_in * shape.kernel + 1) as f32;
        let along = 2e-6 * count as f32;
        for unit in Unit::all() {
            let found = forward(unit, shape, [&x, &w, &bias], residual, extras);
            close(&found, &expected, 4.0 * scale)?;
            let found = backward(unit, shape, [&x, &w, &grad], extras, true);
            close(&found.bias, &back.bias, along)?;
            close(&found.weight, &back.weight, along)?;
            let wide = 1e-5 * (shape.channels_out * shape.kernel + 1) as f32;
            close(found.input.as_ref().unwrap(), back.input.as_ref().unwrap(), wide)?;
            let again = backward(unit, shape, [&x, &w, &grad], extras, false);
            prop_assert!(again.input.is_none());
            prop_assert_eq!(again.weight, found.weight);
        }
    }
}

/// The number of threads changes nothing, not even the order of the sums.
#[test]
fn threads_do_not_change_bits() {
    let shape = ConvShape {
        windows: 101,
        time: 16,
        channels_in: 24,
        channels_out: 40,
        kernel: 3,
        stride: 2,
        dilation: 1,
        padding: [1; 2],
    };
    let x = values(shape.windows * shape.time * shape.channels_in, 1);
    let w = values(shape.channels_out * shape.channels_in * shape.kernel, 2);
    let grad = values(shape.windows * shape.time_out() * shape.channels_out, 3);
    for unit in Unit::all() {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let extras = Extras {
                rectified: true,
                mask: Some(Mask::new(5, 0.8)),
                ..Extras::default()
            };
            pool.install(|| backward(unit, shape, [&x, &w, &grad], extras, true))
        };
        let (one, four) = (with(1), with(4));
        assert_eq!(
            (one.weight, one.bias, one.input),
            (four.weight, four.bias, four.input)
        );
    }
}

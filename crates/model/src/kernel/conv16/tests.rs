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

/// Golden values of PyTorch 2.15: `conv1d` with stride 2 and padding 1 in f64, of what
/// `bfloat16()` makes of input, weights and the output's gradient. The bias stays as it is.
#[test]
#[expect(clippy::too_many_lines, reason = "a test reads from top to bottom")]
fn rounded_operands_give_what_torch_gives_of_them() {
    let x = [
        -0.9012059, -0.813548, -2.445124, 0.5655949, 0.2670397, -0.1604979, -0.4882264, -0.5531394,
        0.1803937, 0.7506958, 0.601566, 2.234693, 0.5892538, -0.9270786, -0.6773996, -0.4551959,
        0.5655439, 0.8949209, 0.9095669, 0.4322153, 1.184722, 0.4260415, 0.3606225, 0.8042527,
        -0.2218906, 0.1371287, 1.19011, -0.4277254, -0.6670544, 0.195705, 1.039513, 1.078506,
        0.8382877, -1.516777, -0.1966486, 1.646103,
    ];
    let w = [
        0.6134173, -1.007534, -0.192124, -0.4328954, -0.5074009, 0.1335203, 0.9941244, -0.7821077,
        0.4517519, 1.005579, 0.9525862, 0.158656, -0.720706, -0.6916384, 0.2886258, 0.09091352,
        -0.3439229, -0.2694609,
    ];
    let (bias, grad) = (
        [0.1306143, 0.2939244],
        [
            -0.2200379, -0.1841145, -0.9863398, -0.703407, -0.8191149, 0.9044294, 0.4989276,
            1.515645, -1.713635, 1.716139, 0.932385, -1.156248,
        ],
    );
    let y = [
        3.211476, 1.043657, 1.779967, 0.2031689, 3.517201, 2.103201, -1.604098, 0.4096928,
        0.3407603, -0.4924182, -0.8900394, -0.4212856,
    ];
    let by_input = [
        0.0455246,
        0.239193,
        0.2351074,
        -1.301641,
        0.8538809,
        -1.093805,
        0.3258362,
        0.9880066,
        1.013794,
        0.4891396,
        -0.6346931,
        -0.9879684,
        1.690491,
        -0.210022,
        0.3293457,
        0.3011856,
        0.1522141,
        -0.6143646,
        0.9426422,
        -1.300827,
        -0.9100952,
        0.8268528,
        0.004529953,
        -1.725277,
        3.362488,
        -0.319519,
        0.7458496,
        0.008338928,
        0.6986923,
        -0.4138947,
        -2.042938,
        0.3253479,
        -0.3319092,
        -0.3625298,
        -0.2093239,
        0.7328568,
    ];
    let by_weight = [
        -2.302818, 1.999615, -0.9634514, -1.999733, 2.473736, 0.0216198, -2.869034, 0.2551537,
        -1.30122, 1.507812, 0.8414421, 0.6182976, 1.750397, -0.6564026, -0.3325291, 3.294739,
        2.580185, -1.081524,
    ];
    let shape = ConvShape {
        windows: 2,
        time: 6,
        channels_in: 3,
        channels_out: 2,
        kernel: 3,
        stride: 2,
        dilation: 1,
        padding: [1; 2],
    };
    let is_close = |found: &[f32], expected: &[f32]| {
        found.len() == expected.len()
            && found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 2e-6)
    };
    for unit in Unit::all() {
        let found = forward(unit, shape, [&x, &w, &bias], None, Extras::default());
        assert!(is_close(&found, &y), "{unit:?}: {found:?}");
        let found = backward(unit, shape, [&x, &w, &grad], Extras::default(), true);
        assert!(
            is_close(found.input.as_ref().unwrap(), &by_input),
            "{unit:?}: {found:?}"
        );
        assert!(is_close(&found.weight, &by_weight), "{unit:?}: {found:?}");
        assert!(
            is_close(&found.bias, &[-2.307815, 2.092444]),
            "{unit:?}: {found:?}"
        );
    }
}

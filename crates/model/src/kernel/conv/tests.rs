use proptest::prelude::*;

use super::shape::LEAST;
use super::*;

/// `conv(f(x)) + bias + residual` in f64, from its definition.
fn plain(
    shape: &ConvShape,
    x: &[f64],
    w: &[f64],
    bias: &[f64],
    residual: &[f64],
    rectified: bool,
) -> Vec<f64> {
    let mut output = residual.to_vec();
    for window in 0..shape.windows {
        for time in 0..shape.time_out() {
            for out in 0..shape.channels_out {
                let mut sum = bias[out];
                for tap in 0..shape.kernel {
                    let at = time * shape.stride + tap * shape.dilation;
                    let Some(at) = at.checked_sub(shape.padding[0]) else {
                        continue;
                    };
                    if at >= shape.time {
                        continue;
                    }
                    for channel in 0..shape.channels_in {
                        let value = x[(window * shape.time + at) * shape.channels_in + channel];
                        let value = if rectified { value.max(0.0) } else { value };
                        sum += value * w[(out * shape.channels_in + channel) * shape.kernel + tap];
                    }
                }
                output[(window * shape.time_out() + time) * shape.channels_out + out] += sum;
            }
        }
    }
    output
}

/// Values that are exact in f32, away from the rectifier's corner.
fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = (state >> 40) as f32 / 8_388_608.0 - 1.0;
        if value.abs() < 0.01 { 0.5 } else { value }
    };
    (0..count).map(next).collect()
}

fn shapes() -> impl Strategy<Value = ConvShape> {
    // More windows than one part of the gradient has.
    let sizes = (1..8usize, 1..20usize, 1..35usize, 1..35usize, 1..6usize);
    (sizes, 1..4usize, 1..5usize, [0..4usize, 0..4usize]).prop_map(
        |(sizes, stride, dilation, padding)| {
            let (windows, time, channels_in, channels_out, kernel) = sizes;
            let dilation = if stride == 1 { dilation } else { 1 };
            let reach = (kernel - 1) * dilation;
            let padding = padding.map(|steps| steps.min(reach));
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn forward_and_gradients_are_those_of_the_definition(shape in shapes(), seed: u64, rectified: bool) {
        let x = values(shape.windows * shape.time * shape.channels_in, seed);
        let w = values(shape.channels_out * shape.channels_in * shape.kernel, seed ^ 1);
        let bias = values(shape.channels_out, seed ^ 2);
        let count = shape.windows * shape.time_out() * shape.channels_out;
        let (residual, grad) = (values(count, seed ^ 3), values(count, seed ^ 4));
        let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
        let (x64, w64, b64, r64, g64) = (wide(&x), wide(&w), wide(&bias), wide(&residual), wide(&grad));
        let scale = (shape.channels_in * shape.kernel) as f64;

        let extras = Extras { rectified, mask: None, ..Extras::default() };
        let found = forward(shape, &x, &w, &bias, Some(&residual), extras);
        for (found, expected) in found.iter().zip(plain(&shape, &x64, &w64, &b64, &r64, rectified)) {
            prop_assert!((f64::from(*found) - expected).abs() < 1e-6 * scale, "{found} {expected} {shape:?}");
        }
        let without = forward(shape, &x, &w, &bias, None, extras);
        for ((without, residual), found) in without.iter().zip(&residual).zip(&found) {
            prop_assert!((without + residual - found).abs() < 1e-5 * scale as f32);
        }

        let gradients = backward(shape, &x, &w, &grad, extras, true);
        // The loss is linear in every operand away from the corner: differences of any size are exact.
        let loss = |x: &[f64], w: &[f64], b: &[f64]| -> f64 {
            plain(&shape, x, w, b, &r64, rectified).iter().zip(&g64).map(|(y, g)| y * g).sum()
        };
        let base = loss(&x64, &w64, &b64);
        let step = 1.0 / 256.0;
        let check = |name: &str, values: &[f64], found: &[f32], which: usize| {
            for index in (0..values.len()).step_by(1 + values.len() / 12) {
                let mut moved = values.to_vec();
                moved[index] += step;
                let operands = [&x64[..], &w64[..], &b64[..]];
                let at = |place: usize| if place == which { &moved[..] } else { operands[place] };
                let expected = (loss(at(0), at(1), at(2)) - base) / step;
                let tolerance = 1e-5 * (count as f64 + scale);
                prop_assert!(
                    (f64::from(found[index]) - expected).abs() < tolerance,
                    "{name}[{index}]: {} {expected} {shape:?}", found[index]
                );
            }
            Ok(())
        };
        check("input", &x64, gradients.input.as_ref().unwrap(), 0)?;
        check("weight", &w64, &gradients.weight, 1)?;
        check("bias", &b64, &gradients.bias, 2)?;
        let again = backward(shape, &x, &w, &grad, extras, false);
        prop_assert!(again.input.is_none());
        prop_assert_eq!(again.weight, gradients.weight);

        // Dropout is a product with the mask, on the way out and on the way back.
        let mask = Mask::new(seed, 0.7);
        let dropped = Extras { rectified, mask: Some(mask), ..Extras::default() };
        let (mut expected, mut masked) = (without, grad.clone());
        mask.apply(0, &mut expected);
        mask.apply(0, &mut masked);
        prop_assert_eq!(forward(shape, &x, &w, &bias, None, dropped), expected);
        let with_mask = backward(shape, &x, &w, &grad, dropped, true);
        let of_masked = backward(shape, &x, &w, &masked, extras, true);
        prop_assert_eq!(with_mask.input, of_masked.input);
        prop_assert_eq!(with_mask.weight, of_masked.weight);
        prop_assert_eq!(with_mask.bias, of_masked.bias);
    }

    /// A window's output has the same bits alone and among others.
    #[test]
    fn a_window_does_not_depend_on_its_neighbours(shape in shapes(), seed: u64) {
        let x = values(shape.windows * shape.time * shape.channels_in, seed);
        let w = values(shape.channels_out * shape.channels_in * shape.kernel, seed ^ 1);
        let bias = values(shape.channels_out, seed ^ 2);
        let extras = Extras { rectified: true, ..Extras::default() };
        let all = forward(shape, &x, &w, &bias, None, extras);
        let (input, output) = (shape.time * shape.channels_in, shape.time_out() * shape.channels_out);
        for window in 0..shape.windows {
            let alone = ConvShape { windows: 1, ..shape };
            let one = forward(alone, &x[window * input..][..input], &w, &bias, None, extras);
            prop_assert_eq!(&one, &all[window * output..][..output]);
        }
    }
}

/// Broken weights are seen in the forecast, as with Burn's own rectifier and PyTorch's.
#[test]
fn the_rectifier_lets_nan_through() {
    let shape = ConvShape {
        windows: 1,
        time: 4,
        channels_in: 1,
        channels_out: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        padding: [0; 2],
    };
    let extras = Extras {
        rectified: true,
        ..Extras::default()
    };
    let output = forward(
        shape,
        &[f32::NAN, -1.0, 0.0, 2.0],
        &[1.0],
        &[0.0],
        None,
        extras,
    );
    assert!(
        output[0].is_nan() && output[1..] == [0.0, 0.0, 2.0],
        "{output:?}"
    );
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
    let x = values(shape.windows * shape.input_len(), 1);
    let w = values(shape.channels_out * shape.depth(), 2);
    let grad = values(shape.windows * shape.output_len(), 3);
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
        pool.install(|| backward(shape, &x, &w, &grad, extras, true))
    };
    let (one, four) = (with(1), with(4));
    assert_eq!(
        (one.weight, one.bias, one.input),
        (four.weight, four.bias, four.input)
    );
}

/// The weights' gradient of windows that are kept or summed in parts, in blocks or in rows.
#[test]
fn all_ways_give_the_same_bits() {
    for [stride, dilation] in [[1, 1], [2, 1], [1, 2]] {
        let shape = ConvShape {
            windows: 9,
            time: 7,
            channels_in: 20,
            channels_out: 24,
            kernel: 3,
            stride,
            dilation,
            padding: [1, 2],
        };
        let input = values(shape.windows * shape.input_len(), 1);
        let grad = values(shape.windows * shape.output_len(), 2);
        let instructions = Instructions::detect();
        let found = [[false, false], [false, true], [true, true]].map(|way| {
            let [keeps_windows, in_blocks] = way;
            let sums = Sums {
                shape,
                keeps_windows,
                in_blocks,
            };
            let windows: Vec<_> = input
                .chunks_exact(shape.input_len())
                .zip(grad.chunks_exact(shape.output_len()))
                .collect();
            let parts = windows.chunks(LEAST).map(|windows| {
                let mut part = Part::default();
                part.windows.resize_with(windows.len(), Operands::default);
                for (&(input, grad), operands) in windows.iter().zip(&mut part.windows) {
                    operands.take(instructions, &sums, (input, true), (grad, None));
                }
                if !keeps_windows {
                    part.sum(instructions, &sums, windows.len());
                }
                part
            });
            sums.total(instructions, &parts.collect::<Vec<_>>())
        });
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0], found[2]);
    }
}

use proptest::prelude::*;

use super::super::bf16::Unit;
use super::super::precision::Precision;
use super::*;

/// Hidden states in f64, from the formulas of `torch.nn.LSTM` and `torch.nn.GRU`.
fn plain(shape: &RecurrentShape, input: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let (units, gates) = (shape.units, shape.gates());
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let mut output = vec![0.0; shape.windows * shape.time * units];
    for window in 0..shape.windows {
        let (mut hidden, mut state) = (vec![0.0; units], vec![0.0; units]);
        for step in shape.steps() {
            let at = window * shape.time + step;
            let recurrent = |gate: usize| -> f64 {
                let row = &weight[gate * units..][..units];
                bias[gate] + row.iter().zip(&hidden).map(|(w, h)| w * h).sum::<f64>()
            };
            let input = |gate: usize| input[at * gates + gate];
            let next: Vec<f64> = (0..units)
                .map(|unit| {
                    let gate = |index: usize| {
                        input(index * units + unit) + recurrent(index * units + unit)
                    };
                    match shape.cell {
                        CellKind::Lstm => {
                            let (i, f, g, o) = (
                                sigmoid(gate(0)),
                                sigmoid(gate(1)),
                                gate(2).tanh(),
                                sigmoid(gate(3)),
                            );
                            state[unit] = f * state[unit] + i * g;
                            o * state[unit].tanh()
                        }
                        CellKind::Gru => {
                            let (r, z) = (sigmoid(gate(0)), sigmoid(gate(1)));
                            let n =
                                (input(2 * units + unit) + r * recurrent(2 * units + unit)).tanh();
                            (1.0 - z) * n + z * hidden[unit]
                        }
                    }
                })
                .collect();
            hidden = next;
            output[at * units..][..units].copy_from_slice(&hidden);
        }
    }
    output
}

fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(next).collect()
}

fn shapes() -> impl Strategy<Value = RecurrentShape> {
    (
        1..40usize,
        1..9usize,
        1..36usize,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(windows, time, units, reversed, is_gru)| RecurrentShape {
            cell: if is_gru {
                CellKind::Gru
            } else {
                CellKind::Lstm
            },
            windows,
            time,
            units,
            reversed,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn forward_and_gradients_are_those_of_the_formulas(shape in shapes(), seed: u64) {
        let (units, gates) = (shape.units, shape.gates());
        let input = values(shape.windows * shape.time * gates, seed);
        let weight = values(gates * units, seed ^ 1);
        let bias = values(gates, seed ^ 2);
        let grad = values(shape.windows * shape.time * units, seed ^ 3);
        let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
        let (input64, weight64, bias64, grad64) = (wide(&input), wide(&weight), wide(&bias), wide(&grad));

        let products = Products::detect(Precision::F32);
        let (output, kept) = forward(products, shape, [&input, &weight, &bias], true);
        for (found, expected) in output.iter().zip(plain(&shape, &input64, &weight64, &bias64)) {
            prop_assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected} {shape:?}");
        }
        let (again, nothing) = forward(products, shape, [&input, &weight, &bias], false);
        prop_assert!(again == output && nothing.is_empty());

        let found = backward(products, shape, &weight, [&output, &kept, &grad]);
        let loss = |operands: [&[f64]; 3]| -> f64 {
            plain(&shape, operands[0], operands[1], operands[2]).iter().zip(&grad64).map(|(y, g)| y * g).sum()
        };
        let operands = [&input64[..], &weight64, &bias64];
        for (place, found) in [found.input, found.weight, found.bias].iter().enumerate() {
            prop_assert_eq!(found.len(), operands[place].len());
            for index in (0..found.len()).step_by(1 + found.len() / 6) {
                let at = |step: f64| {
                    let mut moved = operands[place].to_vec();
                    moved[index] += step;
                    let mut all = operands;
                    all[place] = &moved;
                    loss(all)
                };
                let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                let tolerance = 1e-4 * (1.0 + expected.abs() + (shape.windows as f64).sqrt());
                prop_assert!(
                    (f64::from(found[index]) - expected).abs() < tolerance,
                    "operand {place}, {index}: {} {expected} {shape:?}", found[index]
                );
            }
        }
    }

    /// bf16 keeps 8 bits of each factor: the result is that of f32 within a share of all that is
    /// summed up, and the portable code and AVX-512 give the same bits.
    #[test]
    fn bf16_is_near_f32(shape in shapes(), seed: u64) {
        let (units, gates) = (shape.units, shape.gates());
        let input = values(shape.windows * shape.time * gates, seed);
        let weight: Vec<f32> =
            values(gates * units, seed ^ 1).iter().map(|w| w / (units as f32).sqrt()).collect();
        let bias = values(gates, seed ^ 2);
        let grad = values(shape.windows * shape.time * units, seed ^ 3);
        let run = |products| {
            let (output, kept) = forward(products, shape, [&input, &weight, &bias], true);
            let back = backward(products, shape, &weight, [&output, &kept, &grad]);
            [output, back.input, back.weight, back.bias]
        };
        let exact = run(Products::detect(Precision::F32));
        let runs: Vec<_> = Unit::all().into_iter().map(|unit| run(Products::Bf16(unit))).collect();
        for found in &runs {
            for (place, (found, exact)) in found.iter().zip(&exact).enumerate() {
                let size = |values: &mut dyn Iterator<Item = f32>| {
                    values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
                };
                let off = size(&mut found.iter().zip(exact).map(|(a, b)| a - b));
                let whole = size(&mut exact.iter().copied());
                prop_assert!(off <= 0.02 * whole + 0.01, "{place}: {off} of {whole} {shape:?}");
            }
        }
        if let [portable, avx512, ..] = &runs[..] {
            prop_assert_eq!(portable, avx512);
        }
    }

    /// A window's output has the same bits alone and among others.
    #[test]
    fn a_window_does_not_depend_on_its_neighbours(shape in shapes(), seed: u64) {
        let (units, gates) = (shape.units, shape.gates());
        let input = values(shape.windows * shape.time * gates, seed);
        let (weight, bias) = (values(gates * units, seed ^ 1), values(gates, seed ^ 2));
        for products in Products::all() {
            let all = forward(products, shape, [&input, &weight, &bias], false).0;
            for window in 0..shape.windows {
                let alone = RecurrentShape { windows: 1, ..shape };
                let input = &input[window * shape.time * gates..][..shape.time * gates];
                let one = forward(products, alone, [input, &weight, &bias], false).0;
                prop_assert_eq!(&one, &all[window * shape.time * units..][..shape.time * units]);
            }
        }
    }
}

/// The number of threads changes nothing, not even the order of the sums.
#[test]
fn threads_do_not_change_bits() {
    let cells = [CellKind::Lstm, CellKind::Gru].into_iter();
    for (cell, products) in
        cells.flat_map(|cell| Products::all().into_iter().map(move |p| (cell, p)))
    {
        let shape = RecurrentShape {
            cell,
            windows: 203,
            time: 7,
            units: 20,
            reversed: false,
        };
        let input = values(shape.windows * shape.time * shape.gates(), 1);
        let weight = values(shape.gates() * shape.units, 2);
        let bias = values(shape.gates(), 3);
        let grad = values(shape.windows * shape.time * shape.units, 4);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let (output, kept) = forward(products, shape, [&input, &weight, &bias], true);
                (
                    backward(products, shape, &weight, [&output, &kept, &grad]),
                    output,
                )
            })
        };
        let ((one, first), (four, second)) = (with(1), with(4));
        assert_eq!(first, second);
        assert_eq!(
            (one.weight, one.bias, one.input),
            (four.weight, four.bias, four.input)
        );
    }
}

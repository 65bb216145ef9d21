//! Networks of several horizons against PyTorch in float64 (scripts/golden-model.py).

use model::{
    Device, GradientsParams, Loss, NetworkShape, Tensor, TensorData, masked_loss,
    mean_over_horizons, parts_loss,
};

use crate::golden::by_name;
use crate::support::{
    Golden, assert_close, bits, devices, is_host, seeding, shape, small_config, values, wave,
};

/// Largest difference from float64, relative to the largest value of a tensor.
const TOLERANCE: f32 = 1e-4;

/// Horizons of the cases.
const HORIZONS: usize = 2;

/// A column of a case, `[horizon, batch, coin]`, at one horizon.
fn at(golden: &Golden, name: &str, place: usize, device: &Device) -> Tensor<2> {
    let all: Tensor<3> = golden.tensor(name, device);
    let [_, batch, coins] = all.dims();
    all.narrow(0, place, 1).reshape([batch, coins])
}

#[test]
fn losses_of_several_heads_equal_pytorch() {
    for device in devices().into_iter().filter(is_host) {
        for name in ["horizons-shared", "horizons-stacked"] {
            let device = &device.clone().autodiff();
            let mut golden = Golden::read(name);
            golden.config.dropout = 0.0;
            let network = golden.network_of(HORIZONS, device);
            let output = network.forward(golden.tensor("windows", device));
            let found = values(output.clone());
            assert_close(name, &found, golden.values("output"), TOLERANCE);
            let of = |name, place| at(&golden, name, place, device);
            let whole = mean_over_horizons(output.clone(), HORIZONS, |place, forecast| {
                masked_loss(
                    Loss::Huber,
                    forecast,
                    of("target", place),
                    of("mask", place),
                )
            });
            let parts = mean_over_horizons(output, HORIZONS, |place, forecast| {
                let (target, mask) = (of("target", place), of("mask", place));
                parts_loss(Loss::Huber, forecast, target, mask, of("scale", place), 0.5)
            });
            let found = [values(whole.clone())[0], values(parts)[0]];
            assert_close(name, &found, golden.values("losses"), TOLERANCE);
            let grads = GradientsParams::from_grads(whole.backward(), &network);
            for (parameter, found) in by_name(&network, &grads) {
                let expected = golden.values(&format!("grad.{parameter}"));
                assert_close(&format!("{name} {parameter}"), &found, expected, TOLERANCE);
            }
        }
    }
}

/// A horizon without any known target pulls no weight; the others weigh as they do.
#[test]
fn a_horizon_without_targets_counts_for_nothing() {
    let device = Device::flex();
    let outputs = Tensor::<2>::from_data(TensorData::new(wave(24, 0.0), [4, 6]), &device);
    let mask = |known: f32| Tensor::<2>::full([4, 3], known, &device);
    let of = |place: usize, forecast| {
        let (target, known) = ([3.0, f32::NAN][place], [1.0, 0.0][place]);
        masked_loss(Loss::L1, forecast, mask(target), mask(known))
    };
    let found = values(mean_over_horizons(outputs, 2, of));
    let first: f32 = wave(24, 0.0)
        .iter()
        .step_by(2)
        .map(|x| (x - 3.0).abs())
        .sum();
    assert_close("half the first", &found, &[first / 12.0 / 2.0], 1e-5);
}

/// With one horizon a network draws the weights, and gives the forecasts, that it always had.
#[test]
fn one_horizon_is_the_network_as_it_was() {
    let _seeding = seeding();
    let device = Device::flex();
    let of = |horizons: usize| {
        device.seed(3);
        let shape = NetworkShape {
            horizons,
            ..shape()
        };
        let network = small_config().init(shape, &device).unwrap();
        let NetworkShape {
            coins,
            features,
            lookback,
            ..
        } = shape;
        let values_in = wave(coins * features * lookback, 0.0);
        let windows = TensorData::new(values_in, [1, coins * features, lookback]);
        let outputs = network.forward(Tensor::from_data(windows, &device));
        (network.num_params(), bits(&values(outputs)))
    };
    let (one, two) = (of(1), of(2));
    assert_eq!((one.1.len(), two.1.len()), (5, 10));
    // The last layer has a row of 6 weights and a bias more.
    assert_eq!(two.0 - one.0, 7);
}

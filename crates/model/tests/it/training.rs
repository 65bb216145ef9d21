//! Initialization, loss and learning.

use model::{
    AdamWConfig, Device, GradientsParams, Loss, Mixing, Module, NetworkConfig, NetworkShape,
    Tensor, TensorData, clip_grad_norm, masked_loss, parts_loss,
};

use crate::support::{
    COINS, FEATURES, LOOKBACK, assert_close, bits, other_encoders, seeding, shape, small_config,
    small_network, told, values, wave,
};

#[test]
fn the_default_network_has_the_size_its_docs_say() {
    let _seeding = seeding();
    let network = NetworkConfig::default()
        .init(NetworkShape::new(20, 8, 512), &Device::flex())
        .unwrap();
    let found = network.num_params();
    assert!((520_000..530_000).contains(&found), "{found} parameters");
}

#[test]
fn a_seed_gives_the_same_network_again() {
    let _seeding = seeding();
    let device = Device::flex();
    let input = Tensor::<3>::ones([2, COINS * FEATURES, LOOKBACK], &device);
    let output = |seed| bits(&values(small_network(seed, &device).forward(input.clone())));
    assert_eq!(output(1), output(1));
    assert_ne!(output(1), output(2));
}

#[test]
fn forecasts_start_near_zero() {
    let _seeding = seeding();
    let device = Device::flex();
    let network = NetworkConfig::default()
        .init(NetworkShape::new(20, 8, 512), &device)
        .unwrap();
    let input = TensorData::new(wave(4 * 160 * 512, 0.0), [4, 160, 512]);
    let output = values(network.forward(Tensor::from_data(input, &device)));
    assert!(output.iter().all(|value| value.abs() < 0.5), "{output:?}");
    assert!(output.iter().any(|value| *value != 0.0));
}

#[test]
fn a_window_too_short_is_an_error() {
    let error = NetworkConfig::default()
        .init(NetworkShape::new(2, 2, 7), &Device::flex())
        .unwrap_err();
    assert_eq!(
        told(&error),
        "lookback is 7, expected at least 8 rows for stem_kernel = 8\nhint: lengthen lookback or shorten stem_kernel"
    );
}

#[test]
fn a_linear_skip_of_absurd_size_is_an_error() {
    let config: NetworkConfig =
        serde_json::from_str(r#"{"mixing": "stacked", "linear_skip": true}"#).unwrap();
    let error = config
        .init(NetworkShape::new(1000, 8, 512), &Device::flex())
        .unwrap_err();
    assert!(
        told(&error).starts_with("linear_skip is true, with the other keys 4.1e9 weights"),
        "{}",
        told(&error)
    );
}

/// Nor does it fail where the window is shorter than the first convolution of another
/// configuration.
#[test]
fn without_a_first_convolution_any_window_will_do() {
    let _seeding = seeding();
    for config in other_encoders()
        .into_iter()
        .filter(|config| config.stem_width == 0)
    {
        let network = config
            .init(NetworkShape::new(2, 2, 1), &Device::flex())
            .unwrap();
        assert_eq!(
            network
                .forward(Tensor::ones([3, 4, 1], &Device::flex()))
                .dims(),
            [3, 2]
        );
    }
}

#[test]
fn losses_are_means_over_what_the_mask_leaves() {
    let device = Device::flex();
    let of = |values: [f32; 4]| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [2, 2]), &device)
    };
    let mask = || of([1.0, 1.0, 0.0, 1.0]);
    let loss = |loss| {
        // Errors 0.5, -3, (masked), 0.
        let target = of([0.5, 4.0, f32::NAN, 2.0]);
        values(masked_loss(loss, of([1.0, 1.0, 9.0, 2.0]), target, mask()))[0]
    };
    assert_close("l1", &[loss(Loss::L1)], &[3.5 / 3.0], 1e-6);
    assert_close("l2", &[loss(Loss::L2)], &[9.25 / 3.0], 1e-6);
    assert_close("huber", &[loss(Loss::Huber)], &[(0.125 + 2.5) / 3.0], 1e-6);
    let none = masked_loss(Loss::L1, mask(), mask(), of([0.0; 4]));
    assert_eq!(values(none), [0.0]);
}

#[test]
fn the_parts_of_a_target_are_measured_by_themselves() {
    let device = Device::flex();
    let of = |values: [f32; 6]| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [2, 3]), &device)
    };
    // In units of the scale; the second window has one coin, whose own part is nothing.
    let (forecast, target) = (
        of([1.0, 1.0, 5.0, 2.0, 7.0, 7.0]),
        of([0.0, 3.0, f32::NAN, 1.0, f32::NAN, f32::NAN]),
    );
    let mask = of([1.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    let scale = of([2.0, 1.0, 1.0, 4.0, 1.0, 1.0]);
    // Errors in the target's unit: 2 and -2, mean 0, in units of 1 and -2; then 4, which is all the
    // market's.
    let loss = |loss, weight| {
        let [forecast, target, mask, scale] = [&forecast, &target, &mask, &scale].map(Clone::clone);
        values(parts_loss(loss, forecast, target, mask, scale, weight))[0]
    };
    assert_close(
        "own",
        &[loss(Loss::L1, 0.0)],
        &[(1.0 + 2.0 + 0.0) / 3.0],
        1e-6,
    );
    assert_close(
        "with the market",
        &[loss(Loss::L1, 1.0)],
        &[1.0 + (0.0 + 1.0) / 2.0],
        1e-6,
    );
    assert_close(
        "half",
        &[loss(Loss::L2, 0.5)],
        &[5.0 / 3.0 + 0.5 * (0.0 + 1.0) / 2.0],
        1e-6,
    );
}

#[test]
fn every_network_learns_a_small_batch_by_heart() {
    let _seeding = seeding();
    let device = Device::flex().autodiff();
    let mixed = [Mixing::Shared, Mixing::Stacked].map(|mixing| NetworkConfig {
        mixing,
        ..small_config()
    });
    for config in mixed.into_iter().chain(other_encoders()) {
        let config = NetworkConfig {
            dropout: 0.0,
            ..config
        };
        // Drawn from whatever state the other tests leave, some networks of this size stay in a
        // poor minimum.
        device.seed(1);
        let mut network = config.init(shape(), &device).unwrap();
        let mut optimizer = AdamWConfig::default().init().unwrap();
        let shape = [8, COINS * FEATURES, LOOKBACK];
        let input = TensorData::new(wave(shape.iter().product(), 0.1), shape);
        let input = Tensor::<3>::from_data(input, &device);
        let target =
            Tensor::<2>::from_data(TensorData::new(wave(8 * COINS, 0.3), [8, COINS]), &device);
        let mut losses = Vec::new();
        for _ in 0..300 {
            let mask = Tensor::ones([8, COINS], &device);
            let loss = masked_loss(
                Loss::L2,
                network.forward(input.clone()),
                target.clone(),
                mask,
            );
            losses.push(values(loss.clone())[0]);
            let grads = GradientsParams::from_grads(loss.backward(), &network);
            let (grads, _) = clip_grad_norm(&network, grads, 1.0);
            network = optimizer.step(1e-2, network, grads);
        }
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        assert!(last < 0.3 * first, "{config:?} went from {first} to {last}");
        assert!(network.valid().num_params() > 0);
    }
}

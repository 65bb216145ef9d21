//! A forecast depends on nothing but its window.

use std::sync::Arc;

use model::{
    Activation, Device, EncoderKind, Error, FORECAST_BATCH, Mixing, Module, NetworkShape, Norm,
    Tensor, WindowNorm, Windows, forecast,
};

use crate::support::{
    COINS, FEATURES, LOOKBACK, bits, devices, other_encoders, seeding, shape, small_config,
    small_network, told, values, wave,
};

const CHANNELS: usize = COINS * FEATURES;
const ROWS: usize = 400;

fn windows(values: Vec<f32>) -> Windows {
    Windows::new(Arc::new(values), CHANNELS, LOOKBACK, &Device::flex())
}

/// A forecast for these ends, as bits, one row of coins for each.
fn rows(network: &model::Network, windows: &Windows, ends: &[usize]) -> Vec<Vec<u32>> {
    let values = forecast(network, windows, ends, &mut |_| {}).unwrap();
    bits(&values).chunks(COINS).map(<[u32]>::to_vec).collect()
}

#[test]
fn the_same_bits_alone_in_any_company_and_at_any_place() {
    let _seeding = seeding();
    let device = Device::flex();
    let matrix = wave(ROWS * CHANNELS, 0.0);
    let wide = model::NetworkConfig {
        stem_width: 32,
        stages: vec![32, 64],
        activation: Activation::Silu,
        norm: Norm::Layer,
        input_norm: WindowNorm::Window,
        ..small_config()
    };
    let stacked = model::NetworkConfig {
        mixing: Mixing::Stacked,
        ..wide.clone()
    };
    let dense = model::NetworkConfig {
        stem_kernel: 3,
        stem_stride: 1,
        ..small_config()
    };
    for config in [small_config(), wide, stacked, dense]
        .into_iter()
        .chain(other_encoders())
    {
        let network = config.init(shape(), &device).unwrap();
        let here = windows(matrix.clone());
        let all: Vec<usize> = (LOOKBACK - 1..ROWS).collect();
        let together = rows(&network, &here, &all);
        assert!(
            together.iter().any(|row| row != &together[0]),
            "forecasts differ between windows"
        );
        // Alone.
        for end in [LOOKBACK - 1, 100, 237, ROWS - 1] {
            assert_eq!(
                rows(&network, &here, &[end])[0],
                together[end + 1 - LOOKBACK],
                "{config:?}"
            );
        }
        // At every place of the batch, with the same and with other company.
        for place in 0..FORECAST_BATCH {
            let mut ends: Vec<usize> = (0..FORECAST_BATCH).map(|index| 70 + 7 * index).collect();
            ends[place] = 237;
            let found = rows(&network, &here, &ends);
            assert_eq!(
                found[place],
                together[237 + 1 - LOOKBACK],
                "place {place}, {config:?}"
            );
        }
        // In a batch that is filled up.
        let few = rows(&network, &here, &[90, 237, 91]);
        assert_eq!(few[1], together[237 + 1 - LOOKBACK]);
        // From a matrix that has nothing else in common: the window of row 237 ends at its row 99.
        let mut values = wave(100 * CHANNELS, 2.0);
        let (from, to) = ((237 + 1 - LOOKBACK) * CHANNELS, 238 * CHANNELS);
        values[(100 - LOOKBACK) * CHANNELS..].copy_from_slice(&matrix[from..to]);
        let there = windows(values);
        assert_eq!(
            rows(&network, &there, &[80, 99])[1],
            together[237 + 1 - LOOKBACK]
        );
    }
}

/// At the real size, where Burn's reductions may choose other ways than for small tensors.
#[test]
fn the_same_bits_alone_and_together_at_the_real_size() {
    let _seeding = seeding();
    let (coins, features, lookback, rows) = (20, 8, 512, 560);
    let matrix = Arc::new(wave(rows * coins * features, 0.0));
    let of = |mixing, encoder| model::NetworkConfig {
        mixing,
        encoder,
        ..model::NetworkConfig::default()
    };
    for config in [
        of(Mixing::Shared, EncoderKind::ResNet),
        of(Mixing::Stacked, EncoderKind::ResNet),
        of(Mixing::Shared, EncoderKind::Lstm),
        of(Mixing::Shared, EncoderKind::Gru),
        of(Mixing::Shared, EncoderKind::Tcn),
    ] {
        let network = config
            .init(
                NetworkShape::new(coins, features, lookback),
                &Device::flex(),
            )
            .unwrap();
        let windows = Windows::new(matrix.clone(), coins * features, lookback, &Device::flex());
        let of = |ends: &[usize]| bits(&forecast(&network, &windows, ends, &mut |_| {}).unwrap());
        let ends: Vec<usize> = (lookback - 1..rows).collect();
        let together = of(&ends);
        for count in [1, 2, 3, 7, 16, 17] {
            for start in [0, 5, 20] {
                let found = of(&ends[start..start + count]);
                assert_eq!(
                    found,
                    together[start * coins..(start + count) * coins],
                    "{count} windows from {start}"
                );
            }
        }
    }
}

#[test]
fn progress_counts_windows_and_no_ends_are_no_forecasts() {
    let _seeding = seeding();
    let network = small_network(1, &Device::flex());
    let windows = windows(wave(ROWS * CHANNELS, 0.0));
    let mut seen = Vec::new();
    let ends: Vec<usize> = (100..140).collect();
    let values = forecast(&network, &windows, &ends, &mut |done| seen.push(done)).unwrap();
    assert_eq!(values.len(), 40 * COINS);
    assert_eq!(seen, [16, 32, 40]);
    assert!(
        forecast(&network, &windows, &[], &mut |_| {})
            .unwrap()
            .is_empty()
    );
}

/// On a GPU the windows are gathered from the resident matrix.
#[test]
fn every_device_gathers_the_same_windows() {
    let matrix = wave(ROWS * CHANNELS, 0.0);
    let ends = [100, 399, 63, 250];
    let expected = values(windows(matrix.clone()).batch(&ends).unwrap());
    for device in devices() {
        let windows = Windows::new(Arc::new(matrix.clone()), CHANNELS, LOOKBACK, &device);
        assert_eq!(
            values(windows.batch(&ends).unwrap()),
            expected,
            "on {device:?}"
        );
    }
}

/// With shared weights a network that was built for five coins takes ten: each coin twice is the same
/// market, so that every coin has its forecast twice.
#[test]
fn shared_weights_take_any_number_of_coins() {
    let _seeding = seeding();
    let shared = other_encoders().into_iter();
    let shared = shared.filter(|config| config.mixing == Mixing::Shared);
    for config in std::iter::once(small_config()).chain(shared) {
        let network = config.init(shape(), &Device::flex());
        let network = network.unwrap();
        let once = windows(wave(ROWS * CHANNELS, 0.0))
            .batch(&[100, 250])
            .unwrap();
        let twice = Tensor::cat(vec![once.clone(), once.clone()], 1);
        let (once, twice) = (network.forward(once), network.forward(twice));
        assert_eq!(twice.dims(), [2, 2 * COINS]);
        let (once, twice) = (values(once), values(twice));
        for (row, expected) in once.chunks(COINS).enumerate() {
            let found = &twice[row * 2 * COINS..(row + 1) * 2 * COINS];
            for (place, found) in found.iter().enumerate() {
                assert!((found - expected[place % COINS]).abs() < 1e-5, "{config:?}");
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let _seeding = seeding();
    let device = Device::flex();
    let network = small_network(1, &device.clone().autodiff());
    let fits = windows(wave(ROWS * CHANNELS, 0.0));
    let mut silent = |_| {};
    let error = forecast(&network, &fits, &[100], &mut silent).unwrap_err();
    assert!(matches!(error, Error::TrainingDevice), "{error}");
    let network = network.valid();
    forecast(&network, &fits, &[100], &mut silent).unwrap();
    let short = Windows::new(Arc::new(wave(ROWS * CHANNELS, 0.0)), CHANNELS, 32, &device);
    assert_eq!(
        told(&forecast(&network, &short, &[100], &mut silent).unwrap_err()),
        "the windows have 15 channels and a lookback of 32, the network expects 15 channels (5 coins x 3 features) and a lookback of 64\nhint: read coins, features and lookback from the run.toml beside the weights"
    );
    let error = forecast(&network, &fits, &[ROWS], &mut silent).unwrap_err();
    assert!(matches!(error, Error::WindowOutOfRange { .. }), "{error}");
}

//! Losses of volatility against PyTorch in float64 (scripts/golden-model.py), and what they are least
//! at.

use model::{
    Device, GradientsParams, Loss, NetworkConfig, NetworkShape, Tensor, TensorData, Windows,
    forecast, forecast_with_scale, gaussian_loss, masked_loss,
};

use crate::golden::by_name;
use crate::support::{Golden, assert_close, devices, is_host, seeding, told, values, wave};

/// Largest difference from float64, relative to the largest value of a tensor.
const TOLERANCE: f32 = 1e-4;

#[test]
fn losses_of_volatility_and_their_gradients_equal_pytorch() {
    for device in devices().into_iter().filter(is_host) {
        for name in ["own-gaussian", "own-qlike"] {
            let device = &device.clone().autodiff();
            let mut golden = Golden::read(name);
            golden.config.dropout = 0.0;
            let network = golden.network(device);
            let windows: Tensor<3> = golden.tensor("windows", device);
            let (output, log_scale) = network.forward_with_scale(windows.clone());
            let found = values(output.clone());
            assert_close(name, &found, golden.values("output"), TOLERANCE);
            assert_eq!(values(network.forward(windows)), found);
            let of = |name: &str| -> Tensor<2> { golden.tensor(name, device) };
            let (target, mask) = (of("target"), of("mask"));
            let loss = match log_scale {
                Some(log_scale) => {
                    let found = values(log_scale.clone());
                    assert_close(name, &found, golden.values("log_scale"), TOLERANCE);
                    gaussian_loss(output, log_scale, target, mask)
                }
                None => {
                    let unit = of("scale");
                    masked_loss(Loss::Qlike, output * unit.clone(), target * unit, mask)
                }
            };
            let found = values(loss.clone());
            assert_close(name, &found, golden.values("loss"), TOLERANCE);
            let grads = by_name(
                &network,
                &GradientsParams::from_grads(loss.backward(), &network),
            );
            let expected = golden
                .tensors
                .keys()
                .filter_map(|name| name.strip_prefix("grad."));
            assert_eq!(
                grads.keys().collect::<Vec<_>>(),
                expected.collect::<Vec<_>>()
            );
            for (parameter, found) in grads {
                let expected = golden.values(&format!("grad.{parameter}"));
                assert_close(&format!("{name} {parameter}"), &found, expected, TOLERANCE);
            }
        }
    }
}

/// Of logarithms -3, -2 and -1 of volatilities the optimum is half the logarithm of the mean of
/// exp(-6), exp(-4) and exp(-2).
#[test]
fn qlike_is_least_at_the_mean_variance() {
    let device = Device::flex();
    let target =
        || Tensor::<2>::from_data(TensorData::new(vec![-3.0_f32, -2.0, -1.0], [1, 3]), &device);
    let loss = |forecast: f64| {
        let forecast = Tensor::<2>::full([1, 3], forecast, &device);
        values(masked_loss(
            Loss::Qlike,
            forecast,
            target(),
            Tensor::ones([1, 3], &device),
        ))[0]
    };
    let mean = [-6.0_f64, -4.0, -2.0].map(f64::exp).iter().sum::<f64>() / 3.0;
    let best = mean.ln() / 2.0;
    assert!((best + 1.4778403).abs() < 1e-6, "{best}");
    for other in [best - 0.05, best + 0.05, -2.0] {
        assert!(loss(other) > loss(best), "{other}");
    }
    // At the optimum the mean of exp(2e) is 1, and that of 2e is left: 2 (best + 2).
    assert_close("loss", &[loss(best)], &[(2.0 * (best + 2.0)) as f32], 1e-5);
}

/// What a network of two outputs forecasts is its first, in whatever company.
#[test]
fn scales_stand_beside_the_forecasts_that_they_are_of() {
    let _seeding = seeding();
    let device = Device::flex();
    let config: NetworkConfig =
        serde_json::from_str(r#"{"stem_width": 8, "stages": [8], "log_scale": true}"#).unwrap();
    let shape = NetworkShape::new(2, 3, 16);
    let network = config.init(shape, &device).unwrap();
    let rows = 40;
    let matrix = std::sync::Arc::new(wave(rows * 6, 0.2));
    let windows = Windows::new(matrix, 6, 16, &device);
    let ends: Vec<usize> = (15..rows).collect();
    let alone = forecast(&network, &windows, &ends, &mut |_| {}).unwrap();
    let (forecasts, scales) = forecast_with_scale(&network, &windows, &ends).unwrap();
    assert_eq!(alone, forecasts);
    // Scales are 1 to begin with.
    assert_eq!(scales, Some(vec![0.0; alone.len()]));
}

#[test]
fn a_skip_sees_the_last_bars_alone() {
    let config = |text: &str| serde_json::from_str::<NetworkConfig>(text).unwrap();
    let device = Device::flex();
    let refused = |text: &str| {
        let error = config(text).init(NetworkShape::new(2, 3, 16), &device);
        told(&error.map(|_| ()).unwrap_err())
    };
    assert_eq!(
        refused(r#"{"linear_skip": true, "linear_skip_bars": 17}"#),
        "linear_skip_bars is 17, expected at most the 16 bars of a window\nhint: set linear_skip_bars = 1, or leave it out for the whole window"
    );
    assert_eq!(
        refused(r#"{"linear_skip": true, "linear_skip_bars": 0}"#),
        "linear_skip_bars is 0, expected at least 1\nhint: set linear_skip = false for no skip"
    );
    assert_eq!(
        refused(r#"{"linear_skip_bars": 1}"#),
        "linear_skip_bars is 1, expected none beside linear_skip = false\nhint: set linear_skip = true"
    );
}

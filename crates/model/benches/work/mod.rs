//! What the benchmarks measure: training steps and forward passes on made-up windows of the real
//! size.

use std::sync::Arc;

use model::{
    AdamWConfig, Device, EncoderKind, GradientsParams, Loss, Mixing, NetworkConfig, NetworkShape,
    Precision, Tensor, TensorData, Windows, clip_grad_norm, forecast, masked_loss,
};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// One call to be measured, told how many came before it.
pub type Work = Box<dyn FnMut(usize) -> Outcome<()>>;

const COINS: usize = 20;
const FEATURES: usize = 8;
const LOOKBACK: usize = 512;
const ROWS: usize = 20_000;

/// Names, configurations and lookbacks of what is measured.
pub fn forms() -> Vec<(String, NetworkConfig, usize)> {
    let mut forms = Vec::new();
    for (form, mixing) in [("shared", Mixing::Shared), ("stacked", Mixing::Stacked)] {
        forms.push((
            form.to_owned(),
            NetworkConfig {
                mixing,
                ..NetworkConfig::default()
            },
            LOOKBACK,
        ));
    }
    for (name, encoder) in [
        ("lstm", EncoderKind::Lstm),
        ("gru", EncoderKind::Gru),
        ("tcn", EncoderKind::Tcn),
    ] {
        for lookback in [60, LOOKBACK] {
            let config = NetworkConfig {
                encoder,
                mixing: Mixing::Stacked,
                stem_width: 0,
                ..NetworkConfig::default()
            };
            forms.push((format!("{name}-{lookback}"), config, lookback));
        }
    }
    forms
}

/// Forward passes as `predict` makes them.
pub fn passes(
    config: &NetworkConfig,
    lookback: usize,
    batch: usize,
    (device, precision): (&Device, Precision),
) -> Outcome<Work> {
    let network = config.init(NetworkShape::new(COINS, FEATURES, lookback), device)?;
    let windows = windows(lookback, device);
    Ok(Box::new(move |call| {
        precision.autocast(|| forecast(&network, &windows, &ends(call, batch), &mut |_| {}))?;
        Ok(())
    }))
}

/// Steps as training makes them: batch, forward, loss, backward, clip, AdamW.
pub fn steps(
    config: &NetworkConfig,
    lookback: usize,
    batch: usize,
    (device, precision): (&Device, Precision),
) -> Outcome<Work> {
    let windows = windows(lookback, device);
    let device = device.clone().autodiff();
    let network = config.init(NetworkShape::new(COINS, FEATURES, lookback), &device)?;
    let mut optimizer = AdamWConfig::default().init()?;
    let targets: Vec<f32> = (0..batch * COINS)
        .map(|index| (index as f32 * 0.7).sin())
        .collect();
    let mut network = Some(network);
    Ok(Box::new(move |call| {
        let current = network.take().ok_or("no network")?;
        let input = windows.batch(&ends(call, batch))?.autodiff();
        let target = Tensor::from_data(TensorData::new(targets.clone(), [batch, COINS]), &device);
        let mask = Tensor::ones([batch, COINS], &device);
        let output = precision.autocast(|| current.forward(input));
        let loss = masked_loss(Loss::L1, output, target, mask);
        let grads = GradientsParams::from_grads(loss.backward(), &current);
        let (grads, norm) = clip_grad_norm(&current, grads, 1.0);
        network = Some(optimizer.step(1e-3, current, grads));
        // Waits for the device.
        norm.try_into_data()?;
        Ok(())
    }))
}

fn ends(call: usize, batch: usize) -> Vec<usize> {
    (0..batch)
        .map(|window| LOOKBACK + (call * 7919 + window * 613) % (ROWS - LOOKBACK))
        .collect()
}

fn windows(lookback: usize, device: &Device) -> Windows {
    let values = (0..ROWS * COINS * FEATURES)
        .map(|index| ((index as u32).wrapping_mul(2_654_435_761) as f32) / 2e9 - 1.0);
    Windows::new(
        Arc::new(values.collect::<Vec<f32>>()),
        COINS * FEATURES,
        lookback,
        device,
    )
}

//! Training steps and forward passes on made-up windows of the real size.
//!
//! `cargo bench -p model` measures both forms of the network, and the encoders beside the ResNet on
//! stacked coins and a window of 60 and 512 bars, at several batch sizes on the CPU and, where
//! there is one, on the GPU; a filter picks some, as in `cargo bench -p model --
//! step/flex/shared/64`, `step/flex-bf16/shared/64` or `step/flex/lstm-512`. `scripts/bench-pytorch` runs it in turns with
//! PyTorch.
#![allow(
    clippy::panic,
    reason = "a benchmark that fails has nothing to go on with"
)]

use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use model::{
    AdamWConfig, Device, DeviceChoice, EncoderKind, GradientsParams, Loss, Mixing, NetworkConfig,
    NetworkShape, Precision, Tensor, TensorData, Windows, clip_grad_norm, forecast, masked_loss,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// One call to be measured, told how many came before it.
type Work = Box<dyn FnMut(usize) -> Outcome<()>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COINS: usize = 20;
const FEATURES: usize = 8;
const LOOKBACK: usize = 512;
const ROWS: usize = 20_000;

fn main() -> Outcome<()> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let cpu = DeviceChoice::Flex.open()?.device;
    let mut devices = vec![
        ("flex", cpu.clone(), Precision::F32),
        ("flex-bf16", cpu, Precision::Bf16),
    ];
    match DeviceChoice::Gpu.open() {
        Ok(gpu) => devices.push(("gpu", gpu.device, Precision::F32)),
        Err(reason) => eprintln!("skipped on a GPU: {reason}"),
    }
    for (name, device, precision) in &devices {
        for (form, config, lookback) in forms() {
            let variant = format!("{name}/{form}");
            for batch in [1, 32, 64, 256] {
                measure(&mut criterion, "forward", &variant, batch, || {
                    passes(&config, lookback, batch, (device, *precision))
                });
            }
            for batch in [32, 64, 256] {
                measure(&mut criterion, "step", &variant, batch, || {
                    steps(&config, lookback, batch, (device, *precision))
                });
            }
        }
    }
    criterion.final_summary();
    Ok(())
}

/// Names, configurations and lookbacks of what is measured.
fn forms() -> Vec<(String, NetworkConfig, usize)> {
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

fn measure(
    criterion: &mut Criterion,
    what: &str,
    variant: &str,
    batch: usize,
    prepare: impl Fn() -> Outcome<Work>,
) {
    let mut group = criterion.benchmark_group(what);
    group.throughput(Throughput::Elements(batch as u64));
    // Prepared once, and only where no filter leaves it out: criterion calls this for every sample.
    let (mut prepared, mut call) = (None, 0);
    group.bench_function(BenchmarkId::new(variant, batch), |bencher| {
        let work = prepared.get_or_insert_with(|| {
            prepare().unwrap_or_else(|error| panic!("{what} on {variant}: {error}"))
        });
        bencher.iter(|| {
            work(call).unwrap_or_else(|error| panic!("{what} on {variant}: {error}"));
            call += 1;
        });
    });
    group.finish();
}

/// Forward passes as `predict` makes them.
fn passes(
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
fn steps(
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
